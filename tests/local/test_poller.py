from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest

from toolkit.local.cloud.moto import MotoServer
from toolkit.local.lambda_functions.poller import EventSourceMapping, Poller
from toolkit.local.lambda_functions.workers import Workers

Answer = tuple[dict[str, Any] | None, bool]
"""What the function returns, and whether it is an error."""


class Function:
    """A function whose answers the test decides; it keeps the events."""

    def __init__(self, answer: Callable[[list[dict[str, Any]]], Answer]) -> None:
        self.events: list[list[dict[str, Any]]] = []
        function = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                records = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["Records"]
                function.events.append(records)
                result, failed = answer(records)
                self.send_response(200)
                if failed:
                    self.send_header("X-Amz-Function-Error", "Unhandled")
                self.end_headers()
                self.wfile.write(json.dumps(result).encode())

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def bodies(self) -> list[list[str]]:
        return [sorted(record["body"] for record in records) for records in self.events]


class Queue:
    """A queue with a dead-letter queue after two receives, whose visibility time-out is minutes as on AWS."""

    def __init__(self, moto: MotoServer) -> None:
        self.client: Any = boto3.client(
            "sqs",
            endpoint_url=moto.url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        name = f"orders-{uuid.uuid4().hex[:8]}"
        self.dead = self.client.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
        redrive = {"deadLetterTargetArn": self._arn(self.dead), "maxReceiveCount": 2}
        self.url = self.client.create_queue(
            QueueName=name, Attributes={"VisibilityTimeout": "180", "RedrivePolicy": json.dumps(redrive)}
        )["QueueUrl"]
        self.arn = self._arn(self.url)

    def _arn(self, url: str) -> str:
        return str(
            self.client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        )

    def send(self, *bodies: str) -> None:
        for body in bodies:
            attributes = {"kind": {"DataType": "String", "StringValue": "test"}}
            self.client.send_message(QueueUrl=self.url, MessageBody=body, MessageAttributes=attributes)

    def left(self) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        counts = self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        return sum(int(count) for count in counts.values())

    def dead_letters(self) -> list[str]:
        received = self.client.receive_message(QueueUrl=self.dead, MaxNumberOfMessages=10, VisibilityTimeout=0)
        return [message["Body"] for message in received.get("Messages", [])]


@pytest.fixture
def queue(moto_server: MotoServer) -> Queue:
    return Queue(moto_server)


@pytest.fixture
def polling(queue: Queue, tmp_path: Path) -> Iterator[Callable[..., Function]]:
    started: list[tuple[Poller, Function]] = []

    def start(answer: Callable[[list[dict[str, Any]]], Answer], **settings: Any) -> Function:
        function = Function(answer)
        listing = tmp_path / "workers.json"
        listing.write_text(json.dumps({"processor": [function.server.server_port]}))
        mapping = EventSourceMapping(
            queue_url=queue.url, queue_arn=queue.arn, function_name="processor", redelivery_seconds=0, **settings
        )
        poller = Poller(mapping, queue.client, Workers(listing), "us-east-1")
        threading.Thread(target=poller.run, daemon=True).start()
        started.append((poller, function))
        return function

    yield start
    for poller, function in started:
        poller.stop()  # it ends with its long poll; its queue is its own
        function.server.shutdown()


def eventually(fact: Callable[[], bool], seconds: float = 8) -> bool:
    deadline = time.monotonic() + seconds
    while not fact() and time.monotonic() < deadline:
        time.sleep(0.02)
    return fact()


def test_a_handled_message_is_deleted(queue: Queue, polling: Callable[..., Function]) -> None:
    function = polling(lambda records: (None, False))
    queue.send("o-1")
    assert eventually(lambda: queue.left() == 0)
    assert function.bodies == [["o-1"]]


def test_a_record_looks_as_lambda_makes_it(queue: Queue, polling: Callable[..., Function]) -> None:
    function = polling(lambda records: (None, False))
    queue.send("o-1")
    assert eventually(lambda: bool(function.events))
    record = function.events[0][0]
    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"] == queue.arn
    assert record["awsRegion"] == "us-east-1"
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert record["messageAttributes"] == {"kind": {"dataType": "String", "stringValue": "test"}}


def test_messages_come_in_batches(queue: Queue, polling: Callable[..., Function]) -> None:
    queue.send("a", "b", "c", "d", "e")
    function = polling(lambda records: (None, False), batch_size=3)
    assert eventually(lambda: queue.left() == 0)
    assert [len(records) for records in function.events] == [3, 2]


def test_a_window_collects_a_batch_larger_than_one_receive(queue: Queue, polling: Callable[..., Function]) -> None:
    queue.send(*(str(number) for number in range(12)))
    function = polling(lambda records: (None, False), batch_size=20, batching_window_seconds=0.5)
    assert eventually(lambda: queue.left() == 0)
    assert [len(records) for records in function.events] == [12]


def test_a_failed_batch_is_redelivered_and_ends_in_the_dead_letter_queue(
    queue: Queue, polling: Callable[..., Function]
) -> None:
    function = polling(lambda records: ({"errorType": "Broken"}, True))
    queue.send("poison")
    assert eventually(lambda: queue.dead_letters() == ["poison"])
    assert function.bodies == [["poison"], ["poison"]]
    assert queue.left() == 0


def test_only_the_messages_that_failed_come_back(queue: Queue, polling: Callable[..., Function]) -> None:
    queue.send("good", "poison")

    def partly(records: list[dict[str, Any]]) -> Answer:
        failed = [record["messageId"] for record in records if record["body"] == "poison"]
        return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in failed]}, False

    function = polling(partly, report_batch_item_failures=True)
    assert eventually(lambda: queue.dead_letters() == ["poison"])
    assert function.bodies == [["good", "poison"], ["poison"]]


def test_partial_failures_mean_nothing_unless_the_mapping_reports_them(
    queue: Queue, polling: Callable[..., Function]
) -> None:
    queue.send("o-1")
    polling(lambda records: ({"batchItemFailures": [{"itemIdentifier": records[0]["messageId"]}]}, False))
    assert eventually(lambda: queue.left() == 0)
    assert queue.dead_letters() == []


def test_an_answer_that_names_an_unknown_message_fails_the_whole_batch(
    queue: Queue, polling: Callable[..., Function]
) -> None:
    queue.send("o-1")
    polling(lambda records: ({"batchItemFailures": [{"itemIdentifier": "?"}]}, False), report_batch_item_failures=True)
    assert eventually(lambda: queue.dead_letters() == ["o-1"])
