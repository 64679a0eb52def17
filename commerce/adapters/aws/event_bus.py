"""Publish domain events on SNS."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from commerce.adapters.aws.session import CONFIG, session
from commerce.events import RecordedEvent

if TYPE_CHECKING:
    from mypy_boto3_sns.type_defs import PublishBatchRequestEntryTypeDef

MOST_AT_ONCE: Final = 10
"""Messages that SNS takes in one call."""


class SnsEventBus:
    """`commerce.ports.EventBus` over the topic `arn`.

    The body is the event's message; the attribute `type` is what subscriptions filter by.
    """

    def __init__(self, arn: str) -> None:
        self._arn = arn
        self._client = session().client("sns", config=CONFIG)

    async def publish(self, events: Sequence[RecordedEvent]) -> frozenset[int]:
        published: set[int] = set()
        for start in range(0, len(events), MOST_AT_ONCE):
            published |= await asyncio.to_thread(self._publish, events[start : start + MOST_AT_ONCE])
        return frozenset(published)

    def _publish(self, events: Sequence[RecordedEvent]) -> set[int]:
        answer = self._client.publish_batch(TopicArn=self._arn, PublishBatchRequestEntries=list(map(_entry, events)))
        return {int(done["Id"]) for done in answer["Successful"] if "Id" in done}


def _entry(recorded: RecordedEvent) -> PublishBatchRequestEntryTypeDef:
    return {
        "Id": str(recorded.event_id),
        "Message": recorded.message(),
        "MessageAttributes": {"type": {"DataType": "String", "StringValue": recorded.event.type}},
    }
