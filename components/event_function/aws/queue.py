"""The trigger of a function that consumes a queue: an event source mapping."""

from __future__ import annotations

import pulumi_aws as aws

from components.aws.consumed import ConsumedQueue
from components.component import Component
from components.errors import ComponentError
from components.workload import Handler


def consume(owner: Component, queue: ConsumedQueue, workload: Handler, function: aws.lambda_.Function) -> None:
    """Has `function`, which belongs to `owner`, called with batches of the queue's messages.

    A batch fails by message (`ReportBatchItemFailures`): what was handled is not delivered again, and what keeps
    failing ends in the queue's dead-letter queue. Raises `ComponentError` where a message would be delivered again
    while the function still works on it.
    """
    if queue.handling_seconds < workload.timeout_seconds:
        raise ComponentError(
            f"{queue.name!r} gives a consumer {queue.handling_seconds} s for a message, "
            f"and {owner.name!r} may work on it for {workload.timeout_seconds} s.",
            next_step=f"Give the queue at least handling_seconds={workload.timeout_seconds}.",
        )
    aws.lambda_.EventSourceMapping(
        f"{owner.name}-{queue.name}",
        event_source_arn=queue.queue.arn,
        function_name=function.arn,
        batch_size=workload.batch_size,
        function_response_types=["ReportBatchItemFailures"],
        scaling_config={"maximum_concurrency": owner.foundation.profile.queue_concurrency},
        opts=owner.child(),
    )
