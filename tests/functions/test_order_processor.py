"""The order processor as Lambda calls it: real PostgreSQL, and DynamoDB as moto has it."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import boto3
import pytest
from moto import mock_aws

from commerce.adapters.postgres import DatabaseSettings, PostgresOffers, PostgresOrders, connect_pool, migrate
from commerce.catalog import Offer, Seller
from commerce.money import Money
from commerce.orders import Checkout, Order, OrderStatus, SellerOrderState
from functions import event_loop


class Context:
    """What Lambda tells a handler about the invocation."""

    function_name = "order-processor"
    memory_limit_in_mb = 256
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:order-processor"
    aws_request_id = "request"

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


@dataclass
class Books:
    """Orders to fulfil. Everything runs on the loop that the handler keeps."""

    orders: PostgresOrders
    offers: PostgresOffers
    handler: Callable[[Any, Any], Any]

    def paid(self, *order_ids: str) -> None:
        for order_id in order_ids:
            self.accepted(order_id)
            event_loop.run(self.orders.record_authorisation(order_id, "pi"))
            event_loop.run(self.orders.confirm_stock(order_id))
            event_loop.run(self.orders.record_capture(order_id, "ch"))
            event_loop.run(self.orders.record_split(order_id))

    def accepted(self, order_id: str) -> None:
        event_loop.run(self._accept(order_id))

    async def _accept(self, order_id: str) -> None:
        await self.offers.put_seller(Seller(seller_id="s", display_name="S"))
        offer = Offer(
            offer_id="mug", seller_id="s", product_id="mug", title="Mug", unit_price=Money(100, "usd"), stock=9
        )
        await self.offers.put(offer)
        await self.orders.accept(
            Checkout(
                order_id=order_id,
                buyer_id="b",
                lines={"mug": 1},
                payment_method="pm",
                currency="usd",
                commission_basis_points=1000,
            )
        )

    def order(self, order_id: str) -> Order:
        return event_loop.run(self.orders.get(order_id))

    def invoke(self, *bodies: str) -> list[str]:
        """Hands the batch to the handler; returns the ids of the messages it reports as failed."""
        records = [
            {
                "messageId": f"m{number}",
                "receiptHandle": "r",
                "body": body,
                "attributes": {},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:fulfillment",
                "awsRegion": "us-east-1",
            }
            for number, body in enumerate(bodies)
        ]
        answer: Any = self.handler({"Records": records}, Context())
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, postgres_dsn: str) -> Iterator[None]:
    server = urlsplit(postgres_dsn)
    environment = {
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "POWERTOOLS_SERVICE_NAME": "order-processor",
        "POWERTOOLS_METRICS_NAMESPACE": "Marketplace",
        "ORDERS_HOST": server.hostname or "",
        "ORDERS_PORT": str(server.port),
        "ORDERS_DATABASE": server.path.lstrip("/"),
        "ORDERS_USER": server.username or "postgres",
        "ORDERS_TLS": "disable",
        "IDEMPOTENCY_TABLE": "idempotency",
        "RETURN_WINDOW_DAYS": "14",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        boto3.client("dynamodb").create_table(
            TableName="idempotency",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield


@pytest.fixture
def books(postgres_dsn: str, aws: None) -> Iterator[Books]:
    async def opened() -> asyncpg.Pool:
        connection = await asyncpg.connect(postgres_dsn)
        await migrate(connection)
        await connection.close()
        return await connect_pool(DatabaseSettings.from_dsn(postgres_dsn))

    pool = event_loop.run(opened())
    # Imported only now: the logger and the metrics read their environment when they are made.
    module = importlib.import_module("functions.order_processor.handler")
    module._fulfil_once.cache_clear()
    yield Books(orders=PostgresOrders(pool), offers=PostgresOffers(pool), handler=module.handler)
    module._fulfil_once.cache_clear()
    event_loop.run(pool.close())


def message(order_id: str) -> str:
    return json.dumps({"order_id": order_id})


def test_paid_orders_are_fulfilled_and_their_return_window_opens(books: Books) -> None:
    books.paid("o1", "o2")
    assert books.invoke(message("o1"), message("o2")) == []
    for order_id in ("o1", "o2"):
        order = books.order(order_id)
        assert order.status is OrderStatus.FULFILLED
        assert order.sellers[0].state is SellerOrderState.HELD
        assert order.sellers[0].held_until is not None
        assert abs(order.sellers[0].held_until - datetime.now(UTC) - timedelta(days=14)) < timedelta(minutes=1)


def test_a_poisoned_message_fails_alone(books: Books, caplog: pytest.LogCaptureFixture) -> None:
    books.paid("o1")
    bodies = ["not json", message("o1"), "{}", message("nobody-knows-it")]
    assert books.invoke(*bodies) == ["m0", "m2", "m3"]
    assert books.order("o1").status is OrderStatus.FULFILLED
    failed = [vars(record)["message_id"] for record in caplog.records if record.message == "message failed"]
    assert failed == ["m0", "m2", "m3"]


def test_a_batch_of_poisoned_messages_is_answered_message_by_message(books: Books) -> None:
    assert books.invoke("not json", "{}") == ["m0", "m1"]


def test_a_duplicate_message_changes_nothing(books: Books) -> None:
    books.paid("o1")
    assert books.invoke(message("o1")) == []
    first = books.order("o1")
    assert books.invoke(message("o1"), message("o1")) == []
    assert books.order("o1") == first


def test_a_duplicate_that_arrives_after_its_record_was_lost_changes_nothing(books: Books) -> None:
    books.paid("o1")
    assert books.invoke(message("o1")) == []
    first = books.order("o1")
    table = boto3.resource("dynamodb").Table("idempotency")
    for item in table.scan()["Items"]:
        table.delete_item(Key={"id": item["id"]})
    assert books.invoke(message("o1")) == []
    assert books.order("o1") == first


def test_an_order_that_is_not_paid_yet_is_tried_again_later(books: Books) -> None:
    books.accepted("o1")
    assert books.invoke(message("o1")) == ["m0"]
    assert books.order("o1").status is OrderStatus.ACCEPTED
    event_loop.run(books.orders.record_authorisation("o1", "pi"))
    event_loop.run(books.orders.confirm_stock("o1"))
    event_loop.run(books.orders.record_capture("o1", "ch"))
    event_loop.run(books.orders.record_split("o1"))
    assert books.invoke(message("o1")) == []


def test_it_counts_in_the_format_that_the_platform_reads(books: Books, capsys: pytest.CaptureFixture[str]) -> None:
    books.paid("o1")
    capsys.readouterr()
    books.invoke(message("o1"))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    counted = next(line for line in lines if "OrderFulfilled" in line)
    assert counted["OrderFulfilled"] == [1.0]
    assert counted["service"] == "order-processor"
    assert counted["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Marketplace"
