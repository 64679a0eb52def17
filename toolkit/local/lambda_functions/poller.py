"""Event source mappings: `python -m toolkit.local.lambda_functions.poller --mappings FILE --workers FILE`.

Does for each mapping what the Lambda service does: receives batches from the queue, invokes the Lambda function,
deletes the messages that succeeded, and leaves the failed ones to the queue's redrive policy. The file of mappings
holds a list of `EventSourceMapping`.
"""

from __future__ import annotations

import argparse
import json
import logging
import signal
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from toolkit.local.lambda_functions.workers import NoWorker, Workers

LONG_POLL_SECONDS = 1
MOST_RECEIVED = 10
"""What SQS hands out at once; a larger batch is received in several calls."""
PAUSE_AFTER_TROUBLE_SECONDS = 0.5

log = logging.getLogger("poller")


class EventSourceMapping(BaseModel):
    """From a queue to a Lambda function."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    queue_url: str
    queue_arn: str
    function_name: str
    batch_size: int = Field(default=10, ge=1, le=10_000)
    batching_window_seconds: float = Field(default=0, ge=0, le=300)
    report_batch_item_failures: bool = False
    redelivery_seconds: float | None = Field(default=1.0, ge=0)
    """A failed message comes back after this time, doubled with each attempt, never later than the queue's own
    visibility time-out (which is minutes on AWS). `None` leaves it to the queue alone."""


class Poller:
    """Polls one queue until `stop`."""

    def __init__(self, mapping: EventSourceMapping, queues: Any, workers: Workers, region: str) -> None:
        self._mapping = mapping
        self._queues = queues
        self._workers = workers
        self._region = region
        self._ending = threading.Event()

    def run(self) -> None:
        """Never raises: an error is logged, and the queue is polled again after a pause."""
        while not self._ending.is_set():
            try:
                messages = self._receive()
                if messages:
                    self._deliver(messages)
            except Exception:
                log.exception("%s: the queue cannot be polled now", self._mapping.function_name)
                self._ending.wait(PAUSE_AFTER_TROUBLE_SECONDS)

    def stop(self) -> None:
        """Ends after the batch that is being handled."""
        self._ending.set()

    def _receive(self) -> list[dict[str, Any]]:
        """A batch: what is there, or what comes within the batching window once a first message came."""
        size, window = self._mapping.batch_size, self._mapping.batching_window_seconds
        batch = self._receive_some(min(size, MOST_RECEIVED), LONG_POLL_SECONDS)
        deadline = time.monotonic() + window
        while batch and len(batch) < size and not self._ending.is_set():
            left = max(0.0, deadline - time.monotonic())
            more = self._receive_some(min(size - len(batch), MOST_RECEIVED), min(1, int(left)))
            batch += more
            if not more and left <= 0:
                break
        return batch

    def _receive_some(self, most: int, wait_seconds: int) -> list[dict[str, Any]]:
        received = self._queues.receive_message(
            QueueUrl=self._mapping.queue_url,
            MaxNumberOfMessages=most,
            WaitTimeSeconds=wait_seconds,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        messages: list[dict[str, Any]] = received.get("Messages", [])
        return messages

    def _deliver(self, messages: Sequence[dict[str, Any]]) -> None:
        event = {"Records": [self._record(message) for message in messages]}
        try:
            done = self._workers.invoke(self._mapping.function_name, json.dumps(event).encode())
        except NoWorker as missing:
            log.warning("%s", missing.message)
            self._give_back(messages, at_once=True)
            self._ending.wait(PAUSE_AFTER_TROUBLE_SECONDS)
            return
        failed = self._failed(messages, done.payload, done.function_error)
        self._delete([message for message in messages if message["MessageId"] not in failed])
        self._give_back([message for message in messages if message["MessageId"] in failed])

    def _failed(self, messages: Iterable[dict[str, Any]], payload: bytes, function_error: str | None) -> set[str]:
        """The ids to deliver again. An answer that names an unknown message fails the whole batch, as on AWS."""
        everything = {str(message["MessageId"]) for message in messages}
        if function_error is not None:
            log.warning("%s failed: %s", self._mapping.function_name, payload.decode(errors="replace")[:500])
            return everything
        if not self._mapping.report_batch_item_failures:
            return set()
        try:
            answer = json.loads(payload) or {}
            named = {item["itemIdentifier"] for item in answer.get("batchItemFailures") or []}
        except (ValueError, AttributeError, KeyError, TypeError):
            return everything
        return named if named <= everything else everything

    def _delete(self, messages: Sequence[dict[str, Any]]) -> None:
        for start in range(0, len(messages), MOST_RECEIVED):
            entries = [
                {"Id": str(index), "ReceiptHandle": message["ReceiptHandle"]}
                for index, message in enumerate(messages[start : start + MOST_RECEIVED])
            ]
            self._queues.delete_message_batch(QueueUrl=self._mapping.queue_url, Entries=entries)

    def _give_back(self, messages: Sequence[dict[str, Any]], *, at_once: bool = False) -> None:
        first = self._mapping.redelivery_seconds
        if first is None or not messages:
            return
        limit = self._visibility_seconds()
        for message in messages:
            attempt = int(message.get("Attributes", {}).get("ApproximateReceiveCount", "1"))
            delay = 0 if at_once else min(limit, round(first * 2 ** (attempt - 1)))
            self._queues.change_message_visibility(
                QueueUrl=self._mapping.queue_url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=delay
            )

    def _visibility_seconds(self) -> int:
        answer = self._queues.get_queue_attributes(
            QueueUrl=self._mapping.queue_url, AttributeNames=["VisibilityTimeout"]
        )
        return int(answer["Attributes"]["VisibilityTimeout"])

    def _record(self, message: dict[str, Any]) -> dict[str, Any]:
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message.get("Attributes", {}),
            "messageAttributes": {
                name: _attribute(value) for name, value in message.get("MessageAttributes", {}).items()
            },
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": self._mapping.queue_arn,
            "awsRegion": self._region,
        }


def _attribute(value: dict[str, Any]) -> dict[str, Any]:
    """Lambda spells the fields of an attribute in lower case."""
    return {name[0].lower() + name[1:]: field for name, field in value.items()}


def main() -> int:
    import boto3

    parser = argparse.ArgumentParser(prog="python -m toolkit.local.lambda_functions.poller")
    parser.add_argument("--mappings", type=Path, required=True)
    parser.add_argument("--workers", type=Path, required=True, help="JSON: Lambda function name to its workers' ports")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    mappings = TypeAdapter(list[EventSourceMapping]).validate_json(arguments.mappings.read_bytes())
    queues = boto3.client("sqs")
    workers = Workers(arguments.workers)
    pollers = [Poller(mapping, queues, workers, queues.meta.region_name) for mapping in mappings]
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    threads = [threading.Thread(target=poller.run, daemon=True) for poller in pollers]
    for thread in threads:
        thread.start()
    ending.wait()
    for poller in pollers:
        poller.stop()
    for thread in threads:
        thread.join()
    return 0


if __name__ == "__main__":
    sys.exit(main())
