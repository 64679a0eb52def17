"""The stream of a table, read as Lambda's event source mapping reads it."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.local.test_poller import Answer, Function
from toolkit.local.cloud.moto import MotoServer
from toolkit.local.lambda_functions.stream_poller import StreamMapping, StreamPoller
from toolkit.local.lambda_functions.workers import Workers

WAIT_SECONDS = 20


class Table:
    """A table with a stream, a queue for what is given up, and a function that follows the changes."""

    def __init__(self, moto: MotoServer, folder: Path) -> None:
        def client(service: str) -> Any:
            return boto3.client(
                service,
                endpoint_url=moto.url,
                region_name="us-east-1",
                aws_access_key_id="test",
                aws_secret_access_key="test",
            )

        self.dynamodb, self.streams, self.queues = client("dynamodb"), client("dynamodbstreams"), client("sqs")
        self.folder = folder
        self.name = f"products-{uuid.uuid4().hex[:8]}"
        self.stream_arn = self.dynamodb.create_table(
            TableName=self.name,
            KeySchema=[{"AttributeName": "product_id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "product_id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )["TableDescription"]["LatestStreamArn"]
        self.given_up = self.queues.create_queue(QueueName=f"{self.name}-given-up")["QueueUrl"]

    def put(self, *product_ids: str) -> None:
        for product_id in product_ids:
            self.dynamodb.put_item(TableName=self.name, Item={"product_id": {"S": product_id}})

    def follow(self, function: Function, **mapping: Any) -> StreamPoller:
        workers = self.folder / "workers.json"
        workers.write_text(json.dumps({"sync": [function.server.server_address[1]]}))
        given = {"batch_size": 10, "halve_failed": True, "attempts": 3, "destination_url": self.given_up} | mapping
        poller = StreamPoller(
            StreamMapping(stream_arn=self.stream_arn, function_name="sync", position=self.folder / "position", **given),
            self.streams,
            self.queues,
            Workers(workers),
            pause_seconds=0.01,
        )
        threading.Thread(target=poller.run, daemon=True).start()
        return poller


@pytest.fixture
def table(moto_server: MotoServer, tmp_path: Path) -> Iterator[Table]:
    yield Table(moto_server, tmp_path)


def products(records: list[dict[str, Any]]) -> list[str]:
    return [record["dynamodb"]["Keys"]["product_id"]["S"] for record in records]


def handled(records: list[dict[str, Any]]) -> Answer:
    return {"batchItemFailures": []}, False


def wait_for(done: Any) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not done():
        assert time.monotonic() < deadline, "nothing came"
        time.sleep(0.02)


def test_changes_come_in_their_order_and_once(table: Table) -> None:
    table.put("lamp", "chair", "lamp")
    function = Function(handled)
    poller = table.follow(function)
    wait_for(lambda: function.events)
    table.put("table")
    wait_for(lambda: sum(map(len, function.events)) == 4)
    poller.stop()
    records = [record for batch in function.events for record in batch]
    assert products(records) == ["lamp", "chair", "lamp", "table"]
    assert [record["eventName"] for record in records] == ["INSERT", "INSERT", "MODIFY", "INSERT"]
    assert {record["eventSource"] for record in records} == {"aws:dynamodb"}


def test_a_poller_that_starts_again_goes_on_where_it_was(table: Table) -> None:
    table.put("lamp")
    first = Function(handled)
    poller = table.follow(first)
    wait_for((table.folder / "position").exists)
    poller.stop()
    table.put("chair")
    second = Function(handled)
    poller = table.follow(second)
    wait_for(lambda: second.events)
    poller.stop()
    assert [products(batch) for batch in second.events] == [["chair"]]


def test_what_fails_is_halved_until_it_is_alone_and_then_given_up(table: Table) -> None:
    table.put("a", "b", "bad", "c")
    function = Function(lambda records: ({"errorType": "Error"}, "bad" in products(records)))
    poller = table.follow(function)
    wait_for((table.folder / "position").exists)
    table.put("d")
    wait_for(lambda: any("d" in products(batch) for batch in function.events))
    poller.stop()
    done = [one for batch in function.events if "bad" not in products(batch) for one in products(batch)]
    assert done == ["a", "b", "c", "d"]
    [message] = table.queues.receive_message(QueueUrl=table.given_up, WaitTimeSeconds=1)["Messages"]
    told = json.loads(message["Body"])["DDBStreamBatchInfo"]
    assert (told["batchSize"], told["streamArn"]) == (1, table.stream_arn)
    assert sum(products(batch) == ["bad"] for batch in function.events) == 3


def test_changes_that_come_within_the_window_are_one_batch(table: Table) -> None:
    function = Function(handled)
    table.put("lamp")
    poller = table.follow(function, batching_window_seconds=1.5)
    time.sleep(0.4)
    table.put("chair")
    wait_for(lambda: function.events)
    poller.stop()
    assert [products(batch) for batch in function.events] == [["lamp", "chair"]]
