"""Upload queue on AWS: a standard SQS queue that one S3 bucket notifies."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from components.aws.consumed import ConsumedQueue
from components.aws.foundation import AwsFoundation
from components.aws.grant import Grant
from components.aws.policy import Statement, policy, sid, tls_only
from components.aws.signal import Signal, Watched
from components.aws.work_queue import VISIBILITY_FACTOR
from components.dead_letter_queue import DeadLetterQueueArgs
from components.dead_letter_queue.aws import SECONDS_A_DAY
from components.dead_letter_queue.aws import DeadLetterQueue as AwsDeadLetterQueue
from components.link import Access
from components.upload_queue import UploadQueue as UploadQueueContract
from components.upload_queue import UploadQueueArgs

LATE_SECONDS = 1_800


class UploadQueue(UploadQueueContract, ConsumedQueue, Watched):
    """Creates the queue and its dead-letter queue; `receive_from` adds the policy, once the bucket exists."""

    def __init__(
        self, name: str, foundation: AwsFoundation, args: UploadQueueArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, foundation, opts=opts)
        self._account = foundation
        self.handling_seconds = args.handling_seconds
        self.queue = aws.sqs.Queue(
            name,
            visibility_timeout_seconds=VISIBILITY_FACTOR * args.handling_seconds,
            message_retention_seconds=args.retention_days * SECONDS_A_DAY,
            receive_wait_time_seconds=20,
            # The queue's own key: under ours, the bucket would have to be allowed to use it.
            sqs_managed_sse_enabled=True,
            opts=self.child(),
        )
        dead_letters = AwsDeadLetterQueue(f"{name}-dead-letters", foundation, DeadLetterQueueArgs(), opts=self.child())
        dead_letters.receive_from(self.queue, attempts=args.attempts)
        self.dead_letters = dead_letters
        self.signals = (
            Signal(
                name="late",
                meaning="A file that was uploaded has waited half an hour: does the function that takes it run?",
                namespace="AWS/SQS",
                metric="ApproximateAgeOfOldestMessage",
                dimensions={"QueueName": self.queue.name},
                statistic="Maximum",
                threshold=LATE_SECONDS,
            ),
        )
        self.register_outputs({"url": self.queue.url, "arn": self.queue.arn})

    def receive_from(self, bucket: aws.s3.Bucket) -> aws.sqs.QueuePolicy:
        """Lets this bucket send, over TLS as everybody; returns what must exist before the bucket is told to."""
        return aws.sqs.QueuePolicy(
            self.name,
            queue_url=self.queue.url,
            policy=policy(
                Statement(
                    sid="Uploads",
                    principal={"Service": "s3.amazonaws.com"},
                    actions=("sqs:SendMessage",),
                    resources=(self.queue.arn,),
                    conditions={
                        "ArnEquals": {"aws:SourceArn": bucket.arn},
                        "StringEquals": {"aws:SourceAccount": self._account.account_id},
                    },
                ),
                tls_only(self.queue.arn, "sqs:*"),
            ),
            opts=self.child(),
        )

    def bind(self, workload: str, access: Access) -> Grant:
        """Permission to take messages from the queue."""
        return Grant(
            statements=(
                Statement(
                    sid=sid("consume", self.name),
                    actions=("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"),
                    resources=(self.queue.arn,),
                ),
            )
        )
