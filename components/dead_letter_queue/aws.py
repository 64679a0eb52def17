"""Dead-Letter Queue on AWS: an SQS queue that only its source queue may redrive to."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from components.aws.foundation import AwsFoundation
from components.aws.grant import Grant
from components.aws.peer import INTERNET
from components.aws.policy import Statement, policy, sid, tls_only
from components.aws.signal import Signal, Watched
from components.dead_letter_queue import DeadLetterQueue as DeadLetterQueueContract
from components.dead_letter_queue import DeadLetterQueueArgs, DeadLetterQueueEnvironment
from components.link import Access

SECONDS_A_DAY = 86_400


class DeadLetterQueue(DeadLetterQueueContract, Watched):
    """Creates the queue, and joins it to its source by the two redrive resources once that exists."""

    ENGINE = "sqs-dlq"

    def __init__(
        self,
        name: str,
        foundation: AwsFoundation,
        args: DeadLetterQueueArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, foundation, opts=opts)
        self.queue = aws.sqs.Queue(
            name,
            message_retention_seconds=args.retention_days * SECONDS_A_DAY,
            sqs_managed_sse_enabled=True,
            opts=self.child(),
        )
        aws.sqs.QueuePolicy(
            name,
            queue_url=self.queue.url,
            policy=policy(tls_only(self.queue.arn, "sqs:*")),
            opts=self.child(),
        )
        self.signals = (
            Signal(
                name="messages",
                meaning="A message could not be handled: read it, mend the cause, redrive it to its queue.",
                namespace="AWS/SQS",
                metric="ApproximateNumberOfMessagesVisible",
                dimensions={"QueueName": self.queue.name},
                statistic="Maximum",
                threshold=1,
                lost=True,
            ),
        )
        self.register_outputs({"url": self.queue.url, "arn": self.queue.arn})

    def bind(self, workload: str, access: Access) -> Grant:
        """Permission to leave messages, which go over the internet: it happens seldom, and in no queue's stead."""
        return Grant(
            statements=(self.keep(),),
            environment=DeadLetterQueueEnvironment(queue=self.queue.url).variables(self.name),
            peers=(INTERNET,),
        )

    def keep(self) -> Statement:
        """Lets a role leave messages here, or AWS in its name."""
        return Statement(
            sid=sid(Access.PUBLISHES, self.name), actions=("sqs:SendMessage",), resources=(self.queue.arn,)
        )

    def receive_from(self, source: aws.sqs.Queue, *, attempts: int) -> None:
        """Takes the messages of `source` that were delivered `attempts` times, and those of no other queue.

        Two resources of their own, because either queue would otherwise have to exist before the other.
        """
        aws.sqs.RedrivePolicy(
            self.name,
            queue_url=source.url,
            redrive_policy=pulumi.Output.json_dumps(
                {"deadLetterTargetArn": self.queue.arn, "maxReceiveCount": attempts}
            ),
            opts=self.child(),
        )
        aws.sqs.RedriveAllowPolicy(
            self.name,
            queue_url=self.queue.url,
            redrive_allow_policy=pulumi.Output.json_dumps(
                {"redrivePermission": "byQueue", "sourceQueueArns": [source.arn]}
            ),
            opts=self.child(),
        )
