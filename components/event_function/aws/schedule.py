"""The trigger of a function that runs on a schedule: EventBridge Scheduler, with a role of its own."""

from __future__ import annotations

import json
from typing import Final

import pulumi_aws as aws

from components.aws.foundation import AwsFoundation
from components.aws.policy import Statement, policy, trust
from components.aws.signal import Signal
from components.component import Component
from components.dead_letter_queue import DeadLetterQueueArgs
from components.dead_letter_queue.aws import DeadLetterQueue
from components.errors import ComponentError
from components.workload import Handler

EVENT: Final = {"trigger": "schedule"}
"""What the function is called with."""
SECONDS_A_MINUTE: Final = 60
LONGEST_EVENT_AGE_SECONDS: Final = 21_600
"""The most that Lambda takes as the age at which an event is given up; the least is a minute."""


def run_every(
    owner: Component, account: AwsFoundation, workload: Handler, function: aws.lambda_.Function
) -> tuple[Signal, ...]:
    """Has `function`, which belongs to `owner`, called every `workload.every_minutes` minutes.

    Where the order database sleeps it is called every few hours instead. A call that fails is not repeated: the next
    one does the same work. Calls that Scheduler cannot deliver at all end in a dead-letter queue, whose signal is the
    answer. Raises `ComponentError` for a function that could still be at work when it is called again.
    """
    minutes = workload.every_minutes or 0
    quiet_hours = account.profile.quiet_hours
    if not 0 < workload.timeout_seconds <= minutes * SECONDS_A_MINUTE:
        raise ComponentError(
            f"{workload.name!r} is called every {minutes} minutes and may work for {workload.timeout_seconds} s, "
            "so that it could run beside itself.",
            next_step="Give it a shorter time-out, or call it less often.",
        )
    name = f"{owner.name}-schedule"
    missed = DeadLetterQueue(f"{owner.name}-missed", account, DeadLetterQueueArgs(), opts=owner.child())
    role = aws.iam.Role(
        name,
        description=f"Calls {owner.name} on its schedule",
        assume_role_policy=trust("scheduler.amazonaws.com", account),
        opts=owner.child(),
    )
    allowed = aws.iam.RolePolicy(
        name,
        role=role.name,
        policy=policy(
            Statement(sid="Invoke", actions=("lambda:InvokeFunction",), resources=(function.arn,)),
            Statement(sid="KeepMissed", actions=("sqs:SendMessage",), resources=(missed.queue.arn,)),
        ),
        opts=owner.child(),
    )
    # By the clock, the same for all functions: what they look into wakes once for all of them.
    expression = (
        f"cron(0 0/{quiet_hours} * * ? *)" if quiet_hours else f"rate({minutes} minute{'' if minutes == 1 else 's'})"
    )
    age = min(minutes * SECONDS_A_MINUTE, LONGEST_EVENT_AGE_SECONDS)
    once = aws.lambda_.FunctionEventInvokeConfig(
        owner.name,
        function_name=function.name,
        maximum_retry_attempts=0,
        maximum_event_age_in_seconds=age,
        opts=owner.child(),
    )
    aws.scheduler.Schedule(
        owner.name,
        description=f"{workload.package} of {account.prefix}",
        schedule_expression=expression,
        flexible_time_window={"mode": "OFF"},
        target={
            "arn": function.arn,
            "role_arn": role.arn,
            "input": json.dumps(EVENT),
            "dead_letter_config": {"arn": missed.queue.arn},
            "retry_policy": {"maximum_retry_attempts": 2, "maximum_event_age_in_seconds": age},
        },
        opts=owner.child(depends_on=[allowed, once]),
    )
    return (
        Signal(
            name="missed",
            meaning=f"The scheduler could not call {owner.name}: read the error in the message's attributes.",
            namespace="AWS/SQS",
            metric="ApproximateNumberOfMessagesVisible",
            dimensions={"QueueName": missed.queue.name},
            statistic="Maximum",
            threshold=1,
        ),
    )
