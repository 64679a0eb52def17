"""The checkout service's composition root."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from fastapi import FastAPI

from commerce.adapters import cloud, postgres, redis
from commerce.adapters.postgres import (
    DatabaseSettings,
    PostgresEventLog,
    PostgresOffers,
    PostgresOrders,
    PostgresOutbox,
    connect_pool,
)
from commerce.adapters.redis import CacheSettings, RedisCarts, RedisStockGate, connect
from commerce.ports import Carts, CheckoutFlow, EventBus, EventLog, Offers, Orders, Outbox, StockGate
from commerce.stock_keeping import StockKeeper
from services.checkout.acceptance import Acceptance
from services.checkout.dependencies import CheckoutService, checkout_of
from services.checkout.endpoints import router
from services.checkout.event_relay import EventRelay
from services.checkout.relay import Relay
from services.checkout.settings import CheckoutSettings
from services.checkout.stock import keep_stock
from services.checkout.waiting import stop_overdue_orders
from services.http.application import build_app
from services.http.attention import Attention
from services.http.health import Checks
from services.http.tokens import TokenVerifier


@dataclass(frozen=True, kw_only=True, slots=True)
class Stores:
    """The ports that the service is built on."""

    carts: Carts
    gate: StockGate
    offers: Offers
    orders: Orders
    outbox: Outbox
    flow: CheckoutFlow
    events: EventLog
    bus: EventBus
    checks: Checks


OpenStores = Callable[[CheckoutSettings], AbstractAsyncContextManager[Stores]]


def create_app(settings: CheckoutSettings, open_stores: OpenStores | None = None) -> FastAPI:
    """The checkout application; `open_stores` replaces the real stores in tests.

    While it runs, the relays start accepted orders and publish events, the stock keeper sweeps the reservations, and
    orders that wait too long are stopped, in this process.
    """
    attention = Attention(settings.orders_quiet_seconds)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with (open_stores or open_real_stores)(settings) as stores:
            relay = Relay(outbox=stores.outbox, flow=stores.flow, attention=attention)
            stock = StockKeeper(gate=stores.gate, offers=stores.offers)
            acceptance = Acceptance(
                carts=stores.carts, stock=stock, orders=stores.orders, terms=settings.terms, relay=relay
            )
            app.state.dependencies = CheckoutService(
                carts=stores.carts,
                offers=stores.offers,
                orders=stores.orders,
                acceptance=acceptance,
                relay=relay,
                currency=settings.currency,
                checks=stores.checks,
            )
            events = EventRelay(log=stores.events, bus=stores.bus, attention=attention)
            upkeep = (
                relay.run(),
                events.run(),
                keep_stock(stock, attention),
                stop_overdue_orders(stores.orders, relay.wake, attention),
            )
            background = [asyncio.create_task(work) for work in upkeep]
            try:
                yield
            finally:
                for task in background:
                    task.cancel()
                await asyncio.gather(*background, return_exceptions=True)

    return build_app(
        title="Checkout",
        description="The cart, the acceptance of an order, and what became of it",
        lifespan=lifespan,
        routers=(router,),
        checks=lambda request: checkout_of(request).checks,
        verifier=TokenVerifier(settings.token_rules),
        attention=attention,
        outages=(*postgres.OUTAGES, *redis.OUTAGES, *cloud.load(settings.cloud).outages),
    )


@asynccontextmanager
async def open_real_stores(settings: CheckoutSettings) -> AsyncIterator[Stores]:
    """Connects the service to the stores and the workflow that this process's environment names.

    Nothing is connected before it is needed: the service starts, alive but not ready, while a store is away.
    """
    chosen, database, carts = cloud.load(settings.cloud), DatabaseSettings(), CacheSettings()
    pool = await connect_pool(
        database,
        min_size=0,
        max_size=settings.database_connections,
        password=chosen.database_password(database),
    )
    cache = connect(carts, chosen.cache_credentials(carts))
    try:
        yield Stores(
            carts=RedisCarts(cache),
            gate=RedisStockGate(cache),
            offers=PostgresOffers(pool),
            orders=PostgresOrders(pool),
            outbox=PostgresOutbox(pool),
            flow=chosen.checkout_flow(settings.checkout_flow_id),
            events=PostgresEventLog(pool),
            bus=chosen.event_bus(settings.events_topic),
            checks={"orders": lambda: pool.execute("SELECT 1"), "carts": cache.ping},
        )
    finally:
        await cache.aclose()
        await pool.close()
