"""The body of every queue that an event function consumes."""

from __future__ import annotations

from typing import Final

import pulumi_aws as aws

from components.aws.foundation import AwsFoundation
from components.aws.grant import Grant
from components.aws.policy import Statement, policy, sid, tls_only
from components.aws.signal import Signal
from components.component import Component
from components.dead_letter_queue import DeadLetterQueueArgs
from components.dead_letter_queue.aws import SECONDS_A_DAY, DeadLetterQueue

LATE_SECONDS: Final = 900
VISIBILITY_FACTOR: Final = 6
"""AWS's advice: a message stays hidden six times as long as its function may run, for retries after throttling."""


class WorkQueue:
    """Creates a standard queue with its TLS-only policy and its dead-letter queue, as children of `owner`.

    Encrypted under SQS's own key: a message is made of ids, and our own key would cost a call for each message.
    """

    def __init__(
        self,
        owner: Component,
        foundation: AwsFoundation,
        *,
        handling_seconds: int,
        retention_days: int,
        attempts: int,
        late: str,
        topics: tuple[aws.sns.Topic, ...] = (),
    ) -> None:
        """`late` says what it means that a message waited 15 minutes. The `topics` may send to the queue."""
        self._owner = owner
        self.queue = aws.sqs.Queue(
            owner.name,
            visibility_timeout_seconds=VISIBILITY_FACTOR * handling_seconds,
            message_retention_seconds=retention_days * SECONDS_A_DAY,
            receive_wait_time_seconds=20,
            sqs_managed_sse_enabled=True,
            opts=owner.child(),
        )
        statements = [tls_only(self.queue.arn, "sqs:*")]
        if topics:
            statements.append(
                Statement(
                    sid="Topics",
                    principal={"Service": "sns.amazonaws.com"},
                    actions=("sqs:SendMessage",),
                    resources=(self.queue.arn,),
                    conditions={"ArnEquals": {"aws:SourceArn": [topic.arn for topic in topics]}},
                )
            )
        self.policy = aws.sqs.QueuePolicy(
            owner.name, queue_url=self.queue.url, policy=policy(*statements), opts=owner.child()
        )
        self.dead_letters = DeadLetterQueue(
            f"{owner.name}-dead-letters", foundation, DeadLetterQueueArgs(), opts=owner.child()
        )
        self.dead_letters.receive_from(self.queue, attempts=attempts)
        self.signals = (
            Signal(
                name="late",
                meaning=late,
                namespace="AWS/SQS",
                metric="ApproximateAgeOfOldestMessage",
                dimensions={"QueueName": self.queue.name},
                statistic="Maximum",
                threshold=LATE_SECONDS,
            ),
        )

    def consume(self) -> Grant:
        """Permission to take messages."""
        return Grant(
            statements=(
                Statement(
                    sid=sid("consume", self._owner.name),
                    actions=("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"),
                    resources=(self.queue.arn,),
                ),
            )
        )
