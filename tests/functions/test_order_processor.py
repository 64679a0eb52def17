"""The order processor as Lambda calls it, on real PostgreSQL."""

from __future__ import annotations

import asyncio
import importlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from commerce.adapters.postgres import DatabaseSettings, PostgresOffers, PostgresOrders, connect_pool
from commerce.adapters.telemetry import json_formatter
from commerce.catalog import Offer, Seller
from commerce.money import Money
from commerce.orders import Checkout, Order, OrderStatus, SellerOrderState
from functions import aws_lambda, event_loop
from functions.order_processor.fulfillment import Fulfillment


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
    """Orders to fulfill. Everything runs on the loop that the handler keeps."""

    orders: PostgresOrders
    offers: PostgresOffers
    handler: Callable[[Any, Any], Any]

    def paid(self, *order_ids: str) -> None:
        for order_id in order_ids:
            self.accepted(order_id)
            event_loop.run(self.orders.record_authorization(order_id, "pi"))
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
def environment(monkeypatch: pytest.MonkeyPatch, orders_dsn: str) -> None:
    server = urlsplit(orders_dsn)
    values = {
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "CLOUD": "aws",
        "SERVICE_NAME": "order-processor",
        "POWERTOOLS_SERVICE_NAME": "order-processor",
        "POWERTOOLS_METRICS_NAMESPACE": "Marketplace",
        "ORDERS_HOST": server.hostname or "",
        "ORDERS_PORT": str(server.port),
        "ORDERS_DATABASE": server.path.lstrip("/"),
        "ORDERS_USER": server.username or "postgres",
        "ORDERS_TLS": "disable",
        "RETURN_WINDOW_DAYS": "14",
        "DELIVERY_DAYS": "10",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)


@pytest.fixture
def books(orders_dsn: str, environment: None) -> Iterator[Books]:
    async def opened() -> asyncpg.Pool:
        return await connect_pool(DatabaseSettings.from_dsn(orders_dsn))

    pool = event_loop.run(opened())
    # Imported only now: the metrics read their environment when they are made.
    module = importlib.import_module("functions.order_processor.aws")
    module._fulfillment.cache_clear()
    # The first invocation of a process does this, and takes the place of a test's own log handlers.
    aws_lambda.configure()
    yield Books(orders=PostgresOrders(pool), offers=PostgresOffers(pool), handler=module.handler)
    module._fulfillment.cache_clear()
    event_loop.run(pool.close())


def message(order_id: str) -> str:
    return json.dumps({"order_id": order_id})


def test_paid_orders_are_fulfilled_and_held_for_the_delivery_and_the_return_window(books: Books) -> None:
    books.paid("o1", "o2")
    assert books.invoke(message("o1"), message("o2")) == []
    for order_id in ("o1", "o2"):
        order = books.order(order_id)
        assert order.status is OrderStatus.FULFILLED
        assert order.sellers[0].state is SellerOrderState.HELD
        assert order.sellers[0].held_until is not None
        assert abs(order.sellers[0].held_until - datetime.now(UTC) - timedelta(days=10 + 14)) < timedelta(minutes=1)


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


def test_deliveries_at_the_same_time_fulfill_once_and_keep_the_first_return_window(
    books: Books, orders_dsn: str
) -> None:
    """Two processes have the same message. The second comes while the first has fulfilled but not yet committed."""
    books.paid("o1")

    async def both() -> None:
        settings = DatabaseSettings.from_dsn(orders_dsn)
        held, watching = await asyncpg.connect(orders_dsn), await asyncpg.connect(orders_dsn)
        first, second = await connect_pool(settings, 1, 1), await connect_pool(settings, 1, 1)
        try:
            short = Fulfillment(orders=PostgresOrders(first), longest_hold=timedelta(days=14))
            long = Fulfillment(orders=PostgresOrders(second), longest_hold=timedelta(days=90))
            blocking = held.transaction()
            await blocking.start()
            await held.execute("SELECT 1 FROM seller_orders WHERE order_id = 'o1' FOR UPDATE")
            deliveries = [asyncio.create_task(short.handle(message("o1")))]
            await _waiting(watching, 1)
            deliveries.append(asyncio.create_task(long.handle(message("o1"))))
            await _waiting(watching, 2)
            await blocking.rollback()
            assert await asyncio.gather(*deliveries) == ["o1", "o1"]
        finally:
            await first.close()
            await second.close()
            await held.close()
            await watching.close()

    event_loop.run(both())
    order = books.order("o1")
    assert order.status is OrderStatus.FULFILLED
    assert order.sellers[0].held_until is not None
    assert order.sellers[0].held_until - datetime.now(UTC) < timedelta(days=15)


async def _waiting(connection: asyncpg.Connection, count: int) -> None:
    """Returns when as many sessions wait for a lock."""
    blocked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    async with asyncio.timeout(10):
        while await connection.fetchval(blocked) < count:
            await asyncio.sleep(0.01)


def test_an_order_that_is_not_paid_yet_is_tried_again_later(books: Books) -> None:
    books.accepted("o1")
    assert books.invoke(message("o1")) == ["m0"]
    assert books.order("o1").status is OrderStatus.ACCEPTED
    event_loop.run(books.orders.record_authorization("o1", "pi"))
    event_loop.run(books.orders.confirm_stock("o1"))
    event_loop.run(books.orders.record_capture("o1", "ch"))
    event_loop.run(books.orders.record_split("o1"))
    assert books.invoke(message("o1")) == []


def test_a_log_line_has_the_trace_and_the_request_of_its_invocation(
    books: Books, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent=00f067aa0ba902b7;Sampled=1")
    caplog.set_level("INFO")
    caplog.handler.setFormatter(json_formatter("order-processor"))
    books.paid("o1")
    books.invoke(message("o1"))
    (line,) = [json.loads(line) for line in caplog.text.splitlines() if "order fulfilled" in line]
    assert (line["service"], line["order_id"], line["request_id"]) == ("order-processor", "o1", "request")
    assert line["trace_id"] == "4bf92f3577b34da6a3ce929d0e0e4736"
