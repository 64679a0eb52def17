"""Fulfillment Queue on AWS: a standard SQS queue."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from components.aws.consumed import ConsumedQueue
from components.aws.foundation import AwsFoundation
from components.aws.grant import Grant
from components.aws.policy import Statement, policy, sid, tls_only
from components.aws.signal import Signal, Watched
from components.dead_letter_queue import DeadLetterQueueArgs
from components.dead_letter_queue.aws import SECONDS_A_DAY
from components.dead_letter_queue.aws import DeadLetterQueue as AwsDeadLetterQueue
from components.fulfillment_queue import FulfillmentQueue as FulfillmentQueueContract
from components.fulfillment_queue import FulfillmentQueueArgs, FulfillmentQueueEnvironment
from components.link import Access

LATE_SECONDS = 900
VISIBILITY_FACTOR = 6
"""AWS's advice: a message stays hidden six times as long as its function may run, for retries after throttling."""


class FulfillmentQueue(FulfillmentQueueContract, ConsumedQueue, Watched):
    """Creates the queue, its TLS-only policy and its dead-letter queue.

    Encrypted under SQS's own key: a message is an order's id, and our own key would cost a call for each message.
    """

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
        self.queue = aws.sqs.Queue(
            name,
            visibility_timeout_seconds=VISIBILITY_FACTOR * args.handling_seconds,
            message_retention_seconds=args.retention_days * SECONDS_A_DAY,
            receive_wait_time_seconds=20,
            sqs_managed_sse_enabled=True,
            opts=self.child(),
        )
        aws.sqs.QueuePolicy(
            name, queue_url=self.queue.url, policy=policy(tls_only(self.queue.arn, "sqs:*")), opts=self.child()
        )
        dead_letters = AwsDeadLetterQueue(f"{name}-dead-letters", foundation, DeadLetterQueueArgs(), opts=self.child())
        dead_letters.receive_from(self.queue, attempts=args.attempts)
        self.dead_letters = dead_letters
        self.signals = (
            Signal(
                name="late",
                meaning="A paid order has waited 15 minutes for fulfillment: is the order processor running?",
                namespace="AWS/SQS",
                metric="ApproximateAgeOfOldestMessage",
                dimensions={"QueueName": self.queue.name},
                statistic="Maximum",
                threshold=LATE_SECONDS,
            ),
        )
        self.register_outputs({"url": self.queue.url, "arn": self.queue.arn})

    def bind(self, workload: str, access: Access) -> Grant:
        """Permission to send messages to the queue, or to take them."""
        if access is Access.PUBLISHES:
            return Grant(
                statements=(
                    Statement(sid=sid("publish", self.name), actions=("sqs:SendMessage",), resources=(self.queue.arn,)),
                ),
                environment=FulfillmentQueueEnvironment(queue=self.queue.url).variables(self.name),
            )
        return Grant(
            statements=(
                Statement(
                    sid=sid("consume", self.name),
                    actions=("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"),
                    resources=(self.queue.arn,),
                ),
            )
        )
