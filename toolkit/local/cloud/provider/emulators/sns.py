"""Topics and their subscriptions."""

from __future__ import annotations

import json
from typing import ClassVar

from toolkit.engine.provider import Created, Properties
from toolkit.local.cloud.provider.emulator import ACCOUNT, Emulator

TOPIC_ATTRIBUTES = {
    "contentBasedDeduplication": "ContentBasedDeduplication",
    "deliveryPolicy": "DeliveryPolicy",
    "displayName": "DisplayName",
    "fifoTopic": "FifoTopic",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "policy": "Policy",
}
SUBSCRIPTION_ATTRIBUTES = {
    "filterPolicy": "FilterPolicy",
    "filterPolicyScope": "FilterPolicyScope",
    "rawMessageDelivery": "RawMessageDelivery",
    "redrivePolicy": "RedrivePolicy",
}


class Topic(Emulator):
    """`aws:sns/topic:Topic`; its id is the topic's ARN."""

    type: ClassVar[str] = "aws:sns/topic:Topic"
    replace_on: ClassVar[frozenset[str]] = frozenset({"name", "namePrefix", "fifoTopic"})

    def create(self, inputs: Properties) -> Created:
        answer = self.backends.boto("sns").create_topic(
            Name=inputs["name"],
            Attributes=_attributes(inputs, TOPIC_ATTRIBUTES),
            Tags=[{"Key": key, "Value": value} for key, value in (inputs.get("tags") or {}).items()],
        )
        return Created(id=answer["TopicArn"], outputs={"arn": answer["TopicArn"]})

    def exists(self, id: str, outputs: Properties) -> bool:
        self.backends.boto("sns").get_topic_attributes(TopicArn=id)
        return True

    def update(self, id: str, before: Properties, inputs: Properties) -> Properties:
        for name, value in _attributes(inputs, TOPIC_ATTRIBUTES).items():
            if name != "FifoTopic":
                self.backends.boto("sns").set_topic_attributes(TopicArn=id, AttributeName=name, AttributeValue=value)
        return {}

    def delete(self, id: str, outputs: Properties) -> None:
        self.backends.boto("sns").delete_topic(TopicArn=id)


class TopicPolicy(Emulator):
    """`aws:sns/topicPolicy:TopicPolicy`."""

    type: ClassVar[str] = "aws:sns/topicPolicy:TopicPolicy"
    replace_on: ClassVar[frozenset[str]] = frozenset({"arn"})

    def create(self, inputs: Properties) -> Created:
        self._set(inputs["arn"], inputs["policy"])
        return Created(id=inputs["arn"])

    def exists(self, id: str, outputs: Properties) -> bool:
        self.backends.boto("sns").get_topic_attributes(TopicArn=id)
        return True

    def update(self, id: str, before: Properties, inputs: Properties) -> Properties:
        self._set(id, inputs["policy"])
        return {}

    def delete(self, id: str, outputs: Properties) -> None:
        """A topic is never without a policy: it gets back the one that it was made with."""
        statement = {
            "Sid": "__default_statement_ID",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": ["SNS:Publish", "SNS:Subscribe", "SNS:GetTopicAttributes", "SNS:SetTopicAttributes"],
            "Resource": id,
            "Condition": {"StringEquals": {"AWS:SourceOwner": ACCOUNT}},
        }
        self._set(id, json.dumps({"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]}))

    def _set(self, arn: str, policy: str) -> None:
        self.backends.boto("sns").set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)


class TopicSubscription(Emulator):
    """`aws:sns/topicSubscription:TopicSubscription`; its id is the subscription's ARN."""

    type: ClassVar[str] = "aws:sns/topicSubscription:TopicSubscription"
    replace_on: ClassVar[frozenset[str]] = frozenset({"topic", "protocol", "endpoint"})

    def create(self, inputs: Properties) -> Created:
        answer = self.backends.boto("sns").subscribe(
            TopicArn=inputs["topic"],
            Protocol=inputs["protocol"],
            Endpoint=inputs["endpoint"],
            Attributes=_attributes(inputs, SUBSCRIPTION_ATTRIBUTES),
            ReturnSubscriptionArn=True,
        )
        return Created(id=answer["SubscriptionArn"], outputs={"arn": answer["SubscriptionArn"]})

    def exists(self, id: str, outputs: Properties) -> bool:
        self.backends.boto("sns").get_subscription_attributes(SubscriptionArn=id)
        return True

    def update(self, id: str, before: Properties, inputs: Properties) -> Properties:
        for name, value in _attributes(inputs, SUBSCRIPTION_ATTRIBUTES).items():
            self.backends.boto("sns").set_subscription_attributes(
                SubscriptionArn=id, AttributeName=name, AttributeValue=value
            )
        return {}

    def delete(self, id: str, outputs: Properties) -> None:
        self.backends.boto("sns").unsubscribe(SubscriptionArn=id)


def _attributes(inputs: Properties, names: dict[str, str]) -> dict[str, str]:
    values = ((attribute, inputs.get(property)) for property, attribute in names.items())
    return {
        attribute: str(value).lower() if isinstance(value, bool) else str(value)
        for attribute, value in values
        if value is not None
    }
