"""Fulfillment Queue on AWS: a standard SQS queue."""

from __future__ import annotations

import pulumi

from components.aws.consumed import ConsumedQueue
from components.aws.foundation import AwsFoundation
from components.aws.grant import Grant
from components.aws.policy import Statement, sid
from components.aws.signal import Watched
from components.aws.work_queue import WorkQueue
from components.fulfillment_queue import FulfillmentQueue as FulfillmentQueueContract
from components.fulfillment_queue import FulfillmentQueueArgs, FulfillmentQueueEnvironment
from components.link import Access


class FulfillmentQueue(FulfillmentQueueContract, ConsumedQueue, Watched):
    """Creates the queue with its dead-letter queue."""

    ENGINE = "sqs"

    def __init__(
        self,
        name: str,
        foundation: AwsFoundation,
        args: FulfillmentQueueArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, foundation, opts=opts)
        self.handling_seconds = args.handling_seconds
        body = WorkQueue(
            self,
            foundation,
            handling_seconds=args.handling_seconds,
            retention_days=args.retention_days,
            attempts=args.attempts,
            late="A paid order has waited 15 minutes for fulfillment: is the order processor running?",
        )
        self._body, self.queue, self.dead_letters, self.signals = body, body.queue, body.dead_letters, body.signals
        self.register_outputs({"url": self.queue.url, "arn": self.queue.arn})

    def bind(self, workload: str, access: Access) -> Grant:
        """Permission to send messages to the queue, or to take them."""
        if access is Access.CONSUMES:
            return self._body.consume()
        return Grant(
            statements=(
                Statement(sid=sid("publish", self.name), actions=("sqs:SendMessage",), resources=(self.queue.arn,)),
            ),
            environment=FulfillmentQueueEnvironment(queue=self.queue.url).variables(self.name),
        )
