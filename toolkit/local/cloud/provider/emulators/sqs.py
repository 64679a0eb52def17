"""Queues, their policies and who may redrive into them."""

from __future__ import annotations

import json
import threading
from typing import Any, ClassVar

from toolkit.engine.provider import Created, Properties
from toolkit.local.cloud.provider.emulator import Emulator

ATTRIBUTES = {
    "contentBasedDeduplication": "ContentBasedDeduplication",
    "delaySeconds": "DelaySeconds",
    "fifoQueue": "FifoQueue",
    "kmsDataKeyReusePeriodSeconds": "KmsDataKeyReusePeriodSeconds",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "maxMessageSize": "MaximumMessageSize",
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "policy": "Policy",
    "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
    "redrivePolicy": "RedrivePolicy",
    "sqsManagedSseEnabled": "SqsManagedSseEnabled",
    "visibilityTimeoutSeconds": "VisibilityTimeout",
}


class _QueueWriter(Emulator):
    """Sets attributes without losing the policy: moto drops the one it has whenever a call does not repeat it."""

    _writing: ClassVar[threading.Lock] = threading.Lock()

    def set_attributes(self, url: str, attributes: dict[str, str]) -> None:
        sqs = self.backends.boto("sqs")
        with self._writing:
            kept = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"]).get("Attributes", {})
            sqs.set_queue_attributes(QueueUrl=url, Attributes=kept | attributes)


class Queue(_QueueWriter):
    """`aws:sqs/queue:Queue` as a queue in the AWS emulator; its id is the queue's URL."""

    type: ClassVar[str] = "aws:sqs/queue:Queue"
    replace_on: ClassVar[frozenset[str]] = frozenset({"name", "namePrefix", "fifoQueue"})

    def create(self, inputs: Properties) -> Created:
        sqs = self.backends.boto("sqs")
        answer = sqs.create_queue(
            QueueName=inputs["name"], Attributes=_attributes(inputs), tags=dict(inputs.get("tags") or {})
        )
        url = str(answer["QueueUrl"])
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        return Created(id=url, outputs={"arn": arn, "url": url})

    def exists(self, id: str, outputs: Properties) -> bool:
        self.backends.boto("sqs").get_queue_attributes(QueueUrl=id, AttributeNames=["QueueArn"])
        return True

    def update(self, id: str, before: Properties, inputs: Properties) -> Properties:
        self.set_attributes(id, _attributes(inputs))
        return {}

    def delete(self, id: str, outputs: Properties) -> None:
        self.backends.boto("sqs").delete_queue(QueueUrl=id)


class _QueueAttribute(_QueueWriter):
    """One attribute of a queue, declared as a resource of its own."""

    attribute: ClassVar[str]
    property: ClassVar[str]
    replace_on: ClassVar[frozenset[str]] = frozenset({"queueUrl"})

    def create(self, inputs: Properties) -> Created:
        self._set(inputs["queueUrl"], inputs[self.property])
        return Created(id=inputs["queueUrl"])

    def exists(self, id: str, outputs: Properties) -> bool:
        answer = self.backends.boto("sqs").get_queue_attributes(QueueUrl=id, AttributeNames=["All"])
        return self.attribute in answer["Attributes"]

    def update(self, id: str, before: Properties, inputs: Properties) -> Properties:
        self._set(id, inputs[self.property])
        return {}

    def delete(self, id: str, outputs: Properties) -> None:
        self._set(id, "")

    def _set(self, url: str, document: Any) -> None:
        self.set_attributes(url, {self.attribute: _text(document)})


class QueuePolicy(_QueueAttribute):
    """`aws:sqs/queuePolicy:QueuePolicy`."""

    type: ClassVar[str] = "aws:sqs/queuePolicy:QueuePolicy"
    attribute: ClassVar[str] = "Policy"
    property: ClassVar[str] = "policy"


class RedrivePolicy(_QueueAttribute):
    """`aws:sqs/redrivePolicy:RedrivePolicy`."""

    type: ClassVar[str] = "aws:sqs/redrivePolicy:RedrivePolicy"
    attribute: ClassVar[str] = "RedrivePolicy"
    property: ClassVar[str] = "redrivePolicy"


def _attributes(inputs: Properties) -> dict[str, str]:
    return {
        attribute: _text(inputs[property])
        for property, attribute in ATTRIBUTES.items()
        if inputs.get(property) is not None
    }


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if isinstance(value, str) else json.dumps(value) if isinstance(value, dict | list) else str(value)
