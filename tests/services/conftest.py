"""The services over real stores; only the checkout flow is recorded instead of started."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from redis.asyncio import Redis

from commerce.adapters.memory import MemoryEventBus
from commerce.adapters.postgres import (
    PostgresEventLog,
    PostgresOffers,
    PostgresOrders,
    PostgresOutbox,
)
from commerce.adapters.redis import RedisCarts, RedisStockGate
from commerce.catalog import Offer, Seller, offer_id_for
from commerce.money import Money
from services.checkout.app import Stores, create_app
from services.checkout.settings import CheckoutSettings
from tests.services.tokens import PROVIDER, IdentityProvider, signed_in

CARD = {"payment_method": "pm_card_visa"}


@dataclass
class RecordedFlow:
    """Remembers what was started; raises the errors it was given first."""

    started: list[tuple[str, int]] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)

    async def start(self, order_id: str, attempt: int = 1) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.started.append((order_id, attempt))


@dataclass
class Shop:
    """The running checkout service, its stores behind it, and what a test does with both."""

    app: FastAPI
    stores: Stores

    @property
    def flow(self) -> RecordedFlow:
        assert isinstance(self.stores.flow, RecordedFlow)
        return self.stores.flow

    @asynccontextmanager
    async def visit(self, user_id: str | None = "buyer") -> AsyncIterator[httpx.AsyncClient]:
        headers = {} if user_id is None else signed_in(user_id, "buyer")
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://shop", headers=headers) as client:
            yield client

    async def stock(self, product_id: str, units: int, *, price: int = 1000, seller_id: str = "seller") -> str:
        """Registers the seller and puts an offer; returns its id."""
        offers = self.stores.offers
        await offers.put_seller(Seller(seller_id=seller_id, display_name=seller_id.title()))
        offer_id = offer_id_for(seller_id, product_id)
        await offers.put(
            Offer(
                offer_id=offer_id,
                seller_id=seller_id,
                product_id=product_id,
                title=product_id.title(),
                unit_price=Money(price, "usd"),
                stock=units,
            )
        )
        return offer_id


async def put_in_cart(client: httpx.AsyncClient, offer_id: str, quantity: int = 1) -> httpx.Response:
    """Sets how many units of an offer the visitor's cart holds."""
    return await client.put(f"/cart/items/{offer_id}", json={"quantity": quantity})


@pytest.fixture(scope="session")
def provider() -> Iterator[IdentityProvider]:
    """The identity provider that signs `signed_in` users, publishing its keys."""
    with PROVIDER.serving() as serving:
        yield serving


@pytest.fixture
def checkout_settings(provider: IdentityProvider) -> CheckoutSettings:
    return CheckoutSettings(
        **provider.settings(),
        checkout_flow_id="arn:aws:states:us-east-1:123456789012:stateMachine:checkout-flow",
        events_topic="arn:aws:sns:us-east-1:123456789012:events",
        currency="usd",
        commission_basis_points=1000,
        reservation_ttl_seconds=900,
    )


@asynccontextmanager
async def _opened(stores: Stores, settings: CheckoutSettings) -> AsyncIterator[FastAPI]:
    @asynccontextmanager
    async def given(_settings: CheckoutSettings) -> AsyncIterator[Stores]:
        yield stores

    app = create_app(settings, given)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
def stores(pool: asyncpg.Pool, redis: Redis) -> Stores:
    return Stores(
        carts=RedisCarts(redis),
        gate=RedisStockGate(redis),
        offers=PostgresOffers(pool),
        orders=PostgresOrders(pool),
        outbox=PostgresOutbox(pool),
        flow=RecordedFlow(),
        events=PostgresEventLog(pool),
        bus=MemoryEventBus(),
        checks={"orders": lambda: pool.execute("SELECT 1"), "carts": redis.ping},
    )


@pytest.fixture
async def shop(stores: Stores, checkout_settings: CheckoutSettings) -> AsyncIterator[Shop]:
    async with _opened(stores, checkout_settings) as app:
        yield Shop(app=app, stores=stores)


@pytest.fixture
def quiet_shop(stores: Stores, checkout_settings: CheckoutSettings) -> Shop:
    """A shop whose background work is not running."""
    return Shop(app=create_app(checkout_settings), stores=stores)
