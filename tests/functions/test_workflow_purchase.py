"""One order through everything: the rendered workflow on moto's interpreter, both handlers as Lambda calls them, real
PostgreSQL and Redis, and Stripe's SDK against the Connect double."""

from __future__ import annotations

import asyncio
import importlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import boto3
import httpx
import pytest
from moto import mock_aws
from moto.awslambda.models import LambdaFunction
from moto.core.config import default_user_config

from commerce.adapters.postgres import (
    DatabaseSettings,
    PostgresAssessments,
    PostgresLedger,
    PostgresOffers,
    PostgresOrders,
    connect_pool,
    migrate,
)
from commerce.adapters.redis import CacheSettings, RedisCarts, RedisOrderPace, RedisStockGate, connect
from commerce.orders import Order, OrderStatus, WaitsFor
from functions import event_loop
from tests.functions.conftest import VISA, Processor, Shop
from tests.functions.test_saga_workflow import Workflow
from toolkit.local.processes.ports import free_port

API_KEY = "sk_test_purchase"
CONTEXT = SimpleNamespace(
    function_name="any",
    memory_limit_in_mb=256,
    invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:any",
    aws_request_id="request",
    get_remaining_time_in_millis=lambda: 30_000,
)


@pytest.fixture(scope="module")
def stripe_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    state = tmp_path_factory.mktemp("stripe")
    command = [sys.executable, "-m", "toolkit.local.stripe", "--port", str(port), "--state", str(state)]
    double = subprocess.Popen([*command, "--api-key", API_KEY])
    url = f"http://127.0.0.1:{port}"
    for _ in range(200):
        try:
            httpx.get(f"{url}/_double/health").raise_for_status()
            break
        except httpx.HTTPError:
            time.sleep(0.05)
    yield url
    double.terminate()
    double.wait(10)


@dataclass
class Deployed:
    """The workflow and its functions, deployed to moto in this process."""

    workflow: Workflow
    fulfill: Callable[[Any, Any], Any]
    dsn: str
    redis_url: str
    raised: list[str]

    def with_shop(self, work: Callable[[Shop], Coroutine[Any, Any, Any]]) -> Any:
        """Runs the work on stores of its own: the handlers' loop belongs to the thread of the workflow."""

        async def opened() -> Any:
            pool = await connect_pool(DatabaseSettings.from_dsn(self.dsn))
            redis = connect(CacheSettings.from_url(self.redis_url))
            try:
                orders, offers, ledger = PostgresOrders(pool), PostgresOffers(pool), PostgresLedger(pool)
                return await work(
                    Shop(
                        offers=offers,
                        orders=orders,
                        carts=RedisCarts(redis),
                        ledger=ledger,
                        gate=RedisStockGate(redis),
                        processor=Processor(),
                        assessments=PostgresAssessments(pool),
                        pace=RedisOrderPace(redis),
                    )
                )
            finally:
                await redis.aclose()
                await pool.close()

        return asyncio.run(opened())

    def order(self, order_id: str) -> Order:
        found: Order = self.with_shop(lambda shop: shop.orders.get(order_id))
        return found

    def accept(self, order_id: str, payment_method: str) -> None:
        async def work(shop: Shop) -> None:
            mug = await shop.offer(5)
            lamp = await shop.offer(5, seller_id="lights", product_id="lamp")
            await shop.accept(order_id, {mug: 2, lamp: 1}, payment_method)

        self.with_shop(work)

    def stock(self) -> set[tuple[int, int]]:
        async def work(shop: Shop) -> set[tuple[int, int]]:
            return {await shop.stock(offer_id) for offer_id in await shop.offers.ids("", 10)}

        found: set[tuple[int, int]] = self.with_shop(work)
        return found

    def deliver(self) -> list[str]:
        """Hands the fulfillment messages to the order processor."""
        records = [
            {"messageId": str(number), "body": json.dumps(body), "eventSource": "aws:sqs"}
            for number, body in enumerate(self.workflow.fulfillment_messages())
        ]
        if not records:
            return []
        return [one["itemIdentifier"] for one in self.fulfill({"Records": records}, CONTEXT)["batchItemFailures"]]


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch, postgres_dsn: str, redis_url: str, stripe_url: str) -> Iterator[Deployed]:
    database, cache = urlsplit(postgres_dsn), urlsplit(redis_url)
    for name, value in {
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "POWERTOOLS_METRICS_NAMESPACE": "Marketplace",
        "CLOUD": "aws",
        "SERVICE_NAME": "purchase",
        "POWERTOOLS_SERVICE_NAME": "purchase",
        "ORDERS_HOST": database.hostname or "",
        "ORDERS_PORT": str(database.port),
        "ORDERS_DATABASE": database.path.lstrip("/"),
        "ORDERS_USER": database.username or "",
        "ORDERS_TLS": "disable",
        "CARTS_HOST": cache.hostname or "",
        "CARTS_PORT": str(cache.port),
        "CARTS_TLS": "disable",
        "RETURN_WINDOW_DAYS": "14",
        "DELIVERY_DAYS": "10",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setitem(default_user_config, "stepfunctions", {"execute_state_machine": True})
    saga = importlib.import_module("functions.checkout.aws")
    processor = importlib.import_module("functions.order_processor.aws")
    with mock_aws():
        secret = boto3.client("secretsmanager").create_secret(
            Name="stripe", SecretString=json.dumps({"api_key": API_KEY, "webhook_secret": "", "api_base": stripe_url})
        )
        monkeypatch.setenv("STRIPE_SECRET", secret["ARN"])
        monkeypatch.setenv("FRAUD_SCORER", "fraud")
        monkeypatch.setenv("FRAUD_REVIEW_FROM", "0.5")
        monkeypatch.setenv("FRAUD_REFUSE_FROM", "0.97")
        event_loop.run(_migrated(postgres_dsn))
        saga._steps.cache_clear()
        processor._fulfillment.cache_clear()
        workflow = Workflow()
        raised: list[str] = []

        def invoked(_function: LambdaFunction, event: dict[str, Any]) -> tuple[str, bool, str]:
            try:
                return json.dumps(saga.handler(event, CONTEXT)), False, ""
            except Exception as error:
                raised.append(type(error).__name__)
                return json.dumps({"errorType": type(error).__name__, "errorMessage": str(error)}), True, ""

        monkeypatch.setattr(LambdaFunction, "_invoke_lambda", invoked)
        yield Deployed(
            workflow=workflow, fulfill=processor.handler, dsn=postgres_dsn, redis_url=redis_url, raised=raised
        )
        saga._steps.cache_clear()
        processor._fulfillment.cache_clear()


async def _migrated(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    await migrate(connection)
    await connection.close()


def test_an_order_is_paid_split_and_fulfilled(deployed: Deployed) -> None:
    deployed.accept("paid", VISA)
    assert deployed.workflow.run("paid") == "SUCCEEDED"
    assert deployed.order("paid").status is OrderStatus.CAPTURED
    assert deployed.deliver() == []
    order = deployed.order("paid")
    assert order.status is OrderStatus.FULFILLED
    assert [(share.seller_id, share.gross.amount, share.net.amount) for share in order.sellers] == [
        ("lights", 1000, 900),
        ("seller", 2000, 1800),
    ]
    opened = [share.held_until for share in order.sellers]
    assert all(one is not None and one - order.accepted_at > timedelta(days=13) for one in opened)
    assert deployed.stock() == {(3, 3), (4, 4)}


@pytest.mark.parametrize(
    ("payment_method", "failure"),
    [
        ("pm_card_visa_chargeDeclined", "payment_declined"),
        ("pm_card_captureDeclined", "payment_declined"),
    ],
)
def test_an_order_that_is_not_paid_leaves_money_and_stock_where_they_were(
    deployed: Deployed, stripe_url: str, payment_method: str, failure: str
) -> None:
    charged = httpx.get(f"{stripe_url}/_double/ledger").json()
    deployed.accept(payment_method, payment_method)
    assert deployed.workflow.run(payment_method) == "SUCCEEDED"
    order = deployed.order(payment_method)
    assert (order.status, order.failure) == (OrderStatus.FAILED, failure)
    assert deployed.raised == [], "a refusal is no failure of the function"
    assert deployed.stock() == {(5, 5)}
    assert deployed.deliver() == []
    assert httpx.get(f"{stripe_url}/_double/ledger").json() == charged


@pytest.mark.parametrize(
    ("payment_method", "outcome", "ends"),
    [
        ("pm_card_threeDSecure2Required", "succeeded", (OrderStatus.CAPTURED, None)),
        ("pm_card_threeDSecure2Required", "failed", (OrderStatus.FAILED, "authentication_failed")),
        (
            "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds",
            "succeeded",
            (OrderStatus.FAILED, "authentication_failed"),
        ),
    ],
)
def test_a_buyer_who_is_asked_to_authenticate_pays_or_not(
    *,
    deployed: Deployed,
    stripe_url: str,
    payment_method: str,
    outcome: str,
    ends: tuple[OrderStatus, str | None],
) -> None:
    order_id = f"{payment_method}-{outcome}"
    deployed.accept(order_id, payment_method)
    assert deployed.workflow.run(order_id) == "SUCCEEDED"
    order = deployed.order(order_id)
    assert (order.status, order.waits_for) == (OrderStatus.ACCEPTED, WaitsFor.BUYER)
    intent = httpx.post(f"{stripe_url}/_double/authenticate/{order.payment_intent_id}?outcome={outcome}").json()
    assert deployed.with_shop(lambda shop: shop.orders.client_secret(order_id, "buyer")) == intent["client_secret"]
    assert deployed.with_shop(lambda shop: shop.orders.resume(order_id, WaitsFor.BUYER))
    assert deployed.workflow.run(order_id, attempt=2) == "SUCCEEDED"
    order = deployed.order(order_id)
    assert (order.status, order.failure) == ends
    assert deployed.raised == []
