"""Event source mappings of table streams: `python -m toolkit.local.lambda_functions.stream_poller --mappings FILE
--workers FILE`.

Does for each mapping what the Lambda service does: reads the changes of a table in their order, calls the Lambda
function with a batch, halves a batch that fails, and sends word of what fails too often to the mapping's destination.
It remembers how far it has come in a file. The file of mappings holds a list of `StreamMapping`.
"""

from __future__ import annotations

import argparse
import base64
import json
import logging
import signal
import sys
import threading
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from toolkit.local.lambda_functions.workers import NoWorker, Workers

POLL_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 10.0
MOST_READ = 1_000
"""What DynamoDB hands out at once."""

log = logging.getLogger("stream_poller")


class StreamMapping(BaseModel):
    """From the stream of a table to a Lambda function."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stream_arn: str
    function_name: str
    batch_size: int = Field(default=100, ge=1, le=10_000)
    batching_window_seconds: float = Field(default=0, ge=0, le=300)
    halve_failed: bool = False
    attempts: int = Field(default=50, ge=1)
    destination_url: str | None = None
    """The queue that is told of a batch that was given up."""
    position: Path = Path("position")
    """The file that remembers the last change that was handled."""


class StreamPoller:
    """Polls one stream until `stop`."""

    def __init__(
        self, mapping: StreamMapping, streams: Any, queues: Any, workers: Workers, pause_seconds: float = 0.5
    ) -> None:
        self._mapping = mapping
        self._streams = streams
        self._queues = queues
        self._workers = workers
        self._pause_seconds = pause_seconds
        self._ending = threading.Event()

    def run(self) -> None:
        """Never raises: an error is logged, and the stream is read again from the last position."""
        while not self._ending.is_set():
            try:
                self._follow()
            except Exception:
                log.exception("%s: the stream cannot be read now", self._mapping.function_name)
                self._ending.wait(self._pause_seconds)

    def stop(self) -> None:
        """Ends after the batch that is being handled."""
        self._ending.set()

    def _follow(self) -> None:
        iterator = self._iterator()
        while not self._ending.is_set():
            batch, iterator = self._batch(iterator)
            if batch:
                if not self._deliver(batch):
                    return
                self._mapping.position.write_text(batch[-1]["dynamodb"]["SequenceNumber"])
            else:
                self._ending.wait(POLL_SECONDS)

    def _iterator(self) -> str:
        description = self._streams.describe_stream(StreamArn=self._mapping.stream_arn)["StreamDescription"]
        [shard] = description["Shards"]  # an emulated table has one
        place: dict[str, str] = {"ShardIteratorType": "TRIM_HORIZON"}
        if self._mapping.position.exists():
            last = self._mapping.position.read_text()
            place = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": last}
        answer = self._streams.get_shard_iterator(StreamArn=self._mapping.stream_arn, ShardId=shard["ShardId"], **place)
        return str(answer["ShardIterator"])

    def _batch(self, iterator: str) -> tuple[list[dict[str, Any]], str]:
        """What is there, or what comes within the batching window once a first change came."""
        size = min(self._mapping.batch_size, MOST_READ)
        batch: list[dict[str, Any]] = []
        deadline = time.monotonic() + self._mapping.batching_window_seconds
        while True:
            answer = self._streams.get_records(ShardIterator=iterator, Limit=size - len(batch))
            batch += answer["Records"]
            iterator = answer["NextShardIterator"]
            if not batch or len(batch) >= size or time.monotonic() >= deadline or self._ending.is_set():
                return batch, iterator
            self._ending.wait(POLL_SECONDS)

    def _deliver(self, batch: Sequence[dict[str, Any]]) -> bool:
        """Whether the batch was handled or given up; not when this poller ends first."""
        attempt = 0
        while not self._ending.is_set():
            failure = self._failure(batch)
            if failure is None:
                return True
            attempt += 1
            if self._mapping.halve_failed and len(batch) > 1:
                middle = len(batch) // 2
                return self._deliver(batch[:middle]) and self._deliver(batch[middle:])
            if attempt >= self._mapping.attempts:
                self._give_up(batch, attempt, failure)
                return True
            self._ending.wait(min(LONGEST_PAUSE_SECONDS, self._pause_seconds * 2 ** (attempt - 1)))
        return False

    def _failure(self, batch: Sequence[dict[str, Any]]) -> str | None:
        event = {"Records": [self._record(change) for change in batch]}
        try:
            done = self._workers.invoke(self._mapping.function_name, json.dumps(event, default=_json).encode())
        except NoWorker as missing:
            return missing.message
        if done.function_error is None:
            return None
        log.warning("%s failed: %s", self._mapping.function_name, done.payload.decode(errors="replace")[:500])
        return done.function_error

    def _give_up(self, batch: Sequence[dict[str, Any]], attempts: int, failure: str) -> None:
        first, last = (change["dynamodb"]["SequenceNumber"] for change in (batch[0], batch[-1]))
        log.error("%s gave up the changes %s to %s", self._mapping.function_name, first, last)
        if self._mapping.destination_url is None:
            return
        told = {
            "requestContext": {
                "functionArn": self._mapping.function_name,
                "condition": "RetryAttemptsExhausted",
                "approximateInvokeCount": attempts,
            },
            "responseContext": {"functionError": failure},
            "DDBStreamBatchInfo": {
                "streamArn": self._mapping.stream_arn,
                "startSequenceNumber": first,
                "endSequenceNumber": last,
                "batchSize": len(batch),
            },
        }
        self._queues.send_message(QueueUrl=self._mapping.destination_url, MessageBody=json.dumps(told))

    def _record(self, change: dict[str, Any]) -> dict[str, Any]:
        return {**change, "eventSource": "aws:dynamodb", "eventSourceARN": self._mapping.stream_arn}


def _json(value: object) -> object:
    """What a stream holds besides plain JSON, as Lambda writes it."""
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"a change holds a {type(value).__name__}")


def main() -> int:
    import boto3

    parser = argparse.ArgumentParser(prog="python -m toolkit.local.lambda_functions.stream_poller")
    parser.add_argument("--mappings", type=Path, required=True)
    parser.add_argument("--workers", type=Path, required=True, help="JSON: Lambda function name to its workers' ports")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    mappings = TypeAdapter(list[StreamMapping]).validate_json(arguments.mappings.read_bytes())
    client: Any = boto3.client
    streams, queues = client("dynamodbstreams"), client("sqs")
    pollers = [StreamPoller(one, streams, queues, Workers(arguments.workers)) for one in mappings]
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
