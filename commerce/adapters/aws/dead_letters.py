"""`commerce.ports.DeadLetters` in an SQS queue."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from commerce.adapters.aws.session import CONFIG, ServiceOverloaded, overload_as_outage, session

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

_MOST_SENT = 10
"""What SQS takes in one request."""


class SqsDeadLetters:
    """The queue with the address `url`. boto3 blocks, so each call runs in a thread."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client = session().client("sqs", config=CONFIG)

    async def put(self, letters: Sequence[str]) -> None:
        for start in range(0, len(letters), _MOST_SENT):
            with overload_as_outage():
                await asyncio.to_thread(self._send, letters[start : start + _MOST_SENT])

    def _send(self, letters: Sequence[str]) -> None:
        entries: list[SendMessageBatchRequestEntryTypeDef] = [
            {"Id": str(number), "MessageBody": letter} for number, letter in enumerate(letters)
        ]
        answer = self._client.send_message_batch(QueueUrl=self._url, Entries=entries)
        if failed := answer.get("Failed"):
            raise ServiceOverloaded(f"{len(failed)} messages were not taken: {failed[0].get('Message', '')}")
