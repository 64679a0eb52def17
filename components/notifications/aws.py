"""Notifications on AWS: SNS topics, and mail by SES.

The identity that mails are sent under is the account's, verified before the stack is made: two stacks of an account
cannot each have it, and sign-in mails need it verified when the user pool is created.
"""

from __future__ import annotations

from typing import Final

import pulumi
import pulumi_aws as aws

from components.aws.foundation import AwsFoundation
from components.aws.grant import Grant
from components.aws.names import MAIL, fitted
from components.aws.peer import INTERNET
from components.aws.policy import Statement, sid
from components.aws.signal import Signal, Watched
from components.event_topic import EventTopicArgs
from components.event_topic.aws import EventTopic
from components.link import Access
from components.notifications import Notifications as NotificationsContract
from components.notifications import NotificationsArgs, NotificationsEnvironment

BOUNCE_RATE: Final = 0.05
COMPLAINT_RATE: Final = 0.001
"""Above these SES puts an account under review:
https://docs.aws.amazon.com/ses/latest/dg/reputationdashboard-dg.html"""
FEEDBACK: Final = ("BOUNCE", "COMPLAINT")


class Notifications(NotificationsContract, Watched):
    """Creates both topics, and a configuration set that keeps to TLS, suppresses what bounced, and tells of it."""

    ENGINE = "sns-ses"

    def __init__(
        self, name: str, foundation: AwsFoundation, args: NotificationsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, foundation, opts=opts)
        self._account = foundation
        topic = EventTopicArgs(secrets=args.secrets)
        self.events = EventTopic("events", foundation, topic, opts=self.child())
        feedback = EventTopic("mail-feedback", foundation, topic, opts=self.child(), publisher="ses.amazonaws.com")
        self.feedback = feedback
        self._sender = args.sender
        self._set = aws.sesv2.ConfigurationSet(
            name,
            configuration_set_name=fitted(MAIL, foundation.prefix),
            delivery_options={"tls_policy": "REQUIRE"},
            reputation_options={"reputation_metrics_enabled": True},
            suppression_options={"suppressed_reasons": list(FEEDBACK)},
            opts=self.child(),
        )
        aws.sesv2.ConfigurationSetEventDestination(
            name,
            configuration_set_name=self._set.configuration_set_name,
            event_destination_name="feedback",
            event_destination={
                "enabled": True,
                "matching_event_types": list(FEEDBACK),
                "sns_destination": {"topic_arn": feedback.topic.arn},
            },
            opts=self.child(depends_on=[feedback.policy]),
        )
        self.signals = tuple(
            Signal(
                name=rate,
                meaning=meaning,
                namespace="AWS/SES",
                metric=metric,
                dimensions={"ses:configuration-set": self._set.configuration_set_name},
                statistic="Average",
                threshold=threshold,
                period_seconds=3600,
            )
            for rate, metric, threshold, meaning in (
                (
                    "bounces",
                    "Reputation.BounceRate",
                    BOUNCE_RATE,
                    "One mail in 20 bounces: SES reviews the account.",
                ),
                (
                    "complaints",
                    "Reputation.ComplaintRate",
                    COMPLAINT_RATE,
                    "One mail in 1000 is reported as spam.",
                ),
            )
        )
        self.register_outputs({"events_arn": self.events.topic.arn})

    def bind(self, workload: str, access: Access) -> Grant:
        """Permission to send mail from the sender's address. SES is reached over the internet: an interface endpoint
        costs more than this traffic."""
        environment = NotificationsEnvironment(sender=self._sender, profile=self._set.configuration_set_name)
        if self._sender is None:
            return Grant(environment=environment.variables(self.name))
        identity = self._account.ses_identity or self._sender.rpartition("@")[2]
        return Grant(
            statements=(
                Statement(
                    sid=sid("send", self.name),
                    # SES asks for the second where the message comes whole, with headers of its own:
                    # https://github.com/anymail/django-anymail/issues/384
                    actions=("ses:SendEmail", "ses:SendRawEmail"),
                    resources=(self._account.arn("ses", f"identity/{identity}"), self._set.arn),
                    conditions={"StringEquals": {"ses:FromAddress": self._sender}},
                ),
            ),
            environment=environment.variables(self.name),
            peers=(INTERNET,),
        )
