"""Event Queue on AWS: an SQS queue that subscribes to SNS topics."""

from __future__ import annotations

import json

import pulumi
import pulumi_aws as aws

from components.aws.consumed import ConsumedQueue
from components.aws.foundation import AwsFoundation
from components.aws.grant import Grant
from components.aws.narrow import on_aws
from components.aws.signal import Watched
from components.aws.work_queue import WorkQueue
from components.event_queue import EventQueue as EventQueueContract
from components.event_queue import EventQueueArgs
from components.event_topic.aws import EventTopic
from components.link import Access


class EventQueue(EventQueueContract, ConsumedQueue, Watched):
    """Creates the queue and a subscription to each topic: the message alone, filtered by its attribute `type`."""

    def __init__(
        self, name: str, foundation: AwsFoundation, args: EventQueueArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, foundation, opts=opts)
        self.handling_seconds = args.handling_seconds
        topics = {one.topic.name: on_aws(one.topic, EventTopic).topic for one in args.subscriptions}
        body = WorkQueue(
            self,
            foundation,
            handling_seconds=args.handling_seconds,
            retention_days=args.retention_days,
            attempts=args.attempts,
            late="An event has waited 15 minutes for its subscriber: is its function running?",
            topics=tuple(topics.values()),
        )
        self._body, self.queue, self.dead_letters, self.signals = body, body.queue, body.dead_letters, body.signals
        for one in args.subscriptions:
            aws.sns.TopicSubscription(
                f"{name}-{one.topic.name}",
                topic=topics[one.topic.name].arn,
                protocol="sqs",
                endpoint=self.queue.arn,
                raw_message_delivery=True,
                filter_policy=json.dumps({"type": list(one.types)}) if one.types else None,
                opts=self.child(depends_on=[body.policy]),
            )
        self.register_outputs({"url": self.queue.url, "arn": self.queue.arn})

    def bind(self, workload: str, access: Access) -> Grant:
        """Permission to take messages."""
        return self._body.consume()
