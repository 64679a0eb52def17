"""Event Topic on AWS: a standard SNS topic."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from components.aws.foundation import AwsFoundation
from components.aws.grant import Grant
from components.aws.narrow import on_aws
from components.aws.peer import INTERNET
from components.aws.policy import Statement, policy, sid, tls_only
from components.aws.signal import Signal, Watched
from components.event_topic import EventTopic as EventTopicContract
from components.event_topic import EventTopicArgs, EventTopicEnvironment
from components.link import Access
from components.secrets_management.aws import Secrets


class EventTopic(EventTopicContract, Watched):
    """Creates the topic, encrypted under the stack's key, and its policy.

    Workloads publish by their roles; a service of AWS (`ses.amazonaws.com`) by the topic's policy.
    """

    def __init__(
        self,
        name: str,
        foundation: AwsFoundation,
        args: EventTopicArgs,
        opts: pulumi.ResourceOptions | None = None,
        *,
        publisher: str | None = None,
    ) -> None:
        super().__init__(name, foundation, opts=opts)
        self._key = on_aws(args.secrets, Secrets)
        self.topic = aws.sns.Topic(name, kms_master_key_id=self._key.key_arn, opts=self.child())
        statements = [tls_only(self.topic.arn, "sns:Publish")]
        if publisher:
            statements.append(
                Statement(
                    sid="Service",
                    principal={"Service": publisher},
                    actions=("sns:Publish",),
                    resources=(self.topic.arn,),
                    conditions={"StringEquals": {"aws:SourceAccount": foundation.account_id}},
                )
            )
        self.policy = aws.sns.TopicPolicy(name, arn=self.topic.arn, policy=policy(*statements), opts=self.child())
        self.signals = (
            Signal(
                name="undelivered",
                meaning="A message reached the topic and not one of its queues.",
                namespace="AWS/SNS",
                metric="NumberOfNotificationsFailed",
                dimensions={"TopicName": self.topic.name},
                threshold=1,
                period_seconds=300,
            ),
        )
        self.register_outputs({"arn": self.topic.arn})

    def bind(self, workload: str, access: Access) -> Grant:
        """Permission to publish, which encrypts under the key. SNS is reached over the internet: an interface endpoint
        costs more than this traffic."""
        return Grant(
            statements=(
                Statement(sid=sid("publish", self.name), actions=("sns:Publish",), resources=(self.topic.arn,)),
                self._key.encrypt("sns"),
            ),
            environment=EventTopicEnvironment(topic=self.topic.arn).variables(self.name),
            peers=(INTERNET,),
        )
