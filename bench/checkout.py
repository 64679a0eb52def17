"""Accepted checkouts per second by the service over HTTP, beside the same engines' own limits in the same run.

Measured at the service, as behind the load balancer: without the gateway, and with a flow that takes orders at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import asyncpg
import redis.asyncio

from bench.load import Load, drive, repeat, request
from bench.report import Measure
from commerce.adapters.postgres import DatabaseSettings, PostgresOffers, PostgresOrders, connect_pool, migrate
from commerce.adapters.redis import CacheSettings, RedisCarts, connect
from commerce.catalog import Offer, Seller
from commerce.money import Money
from tests.services.tokens import PROVIDER
from toolkit.local.processes.ports import free_port
from toolkit.local.servers.postgres import PostgresServer
from toolkit.local.servers.redis import RedisServer

OFFERS = 200
SELLERS = 10
BUYERS = 8_000
LINES = 2
CONNECTIONS = 32
HOT_UNITS = 1_000
HOT_BUYERS = 20_000
POOL = 8
INSERTS = 6_000


def measure() -> list[Measure]:
    """Runs real PostgreSQL (durable commits) and Redis (append-only file) in a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        postgres = PostgresServer(Path(folder) / "postgres")
        cache = RedisServer(Path(folder) / "redis")
        postgres.start()
        cache.start()
        try:
            return asyncio.run(_measure(postgres.url, cache.url))
        finally:
            cache.stop()
            postgres.stop()


async def _measure(dsn: str, url: str) -> list[Measure]:
    database, carts = DatabaseSettings.from_dsn(dsn), CacheSettings.from_url(url)
    pool = await connect_pool(database, min_size=POOL, max_size=POOL)
    client = connect(carts)
    try:
        async with pool.acquire() as connection:
            await migrate(connection)
        await _list_offers(PostgresOffers(pool))
        with PROVIDER.serving():
            async with _service(database, carts) as port:
                inserts = await _insert_limit(pool, 0)
                distinct = await _distinct_carts(port, pool, RedisCarts(client))
                inserts = inserts.with_(await _insert_limit(pool, INSERTS))
                hot = await _hot_item(port, pool, RedisCarts(client))
        scripts = await _script_limit(client)
    finally:
        await client.aclose()
        await pool.close()
    return [
        Measure(
            name="checkouts accepted, distinct carts",
            value=f"{distinct.per_second:,.0f}/s, p50 {distinct.percentile_ms(50):.1f} ms, "
            f"p99 {distinct.percentile_ms(99):.1f} ms ({BUYERS:,} buyers, {LINES} items each, {CONNECTIONS} at once)",
            ratio=f"{distinct.per_second / inserts.per_second:.2f} of PostgreSQL's inserts, "
            f"{distinct.per_second / scripts.per_second:.2f} of Redis's EVALSHA",
        ),
        Measure(
            name="checkouts answered, one hot item",
            value=f"{hot.per_second:,.0f}/s, p50 {hot.percentile_ms(50):.1f} ms, p99 {hot.percentile_ms(99):.1f} ms "
            f"({hot.statuses[202]:,} accepted of {HOT_UNITS:,} units, {hot.statuses[409]:,} refused)",
            ratio=f"{hot.per_second / scripts.per_second:.2f} of Redis's EVALSHA",
        ),
        Measure(name="PostgreSQL: insert, one durable commit each", value=f"{inserts.per_second:,.0f}/s", ratio="1"),
        Measure(
            name="Redis: EVALSHA, one key, callers share round trips", value=f"{scripts.per_second:,.0f}/s", ratio="1"
        ),
    ]


async def _list_offers(offers: PostgresOffers) -> None:
    for number in range(SELLERS):
        await offers.put_seller(Seller(seller_id=f"seller-{number}", display_name=f"Seller {number}"))
    for number in range(OFFERS):
        await offers.put(_offer(f"offer-{number}", stock=1_000_000, seller=number % SELLERS))
    await offers.put(_offer("hot", stock=HOT_UNITS, seller=0))


def _offer(offer_id: str, *, stock: int, seller: int) -> Offer:
    return Offer(
        offer_id=offer_id,
        product_id=f"product-of-{offer_id}",
        seller_id=f"seller-{seller}",
        title=offer_id,
        unit_price=Money(1_999, "usd"),
        stock=stock,
    )


async def _distinct_carts(port: int, pool: asyncpg.Pool, carts: RedisCarts) -> Load:
    buyers = [f"buyer-{number}" for number in range(BUYERS)]
    for number, buyer in enumerate(buyers):
        for line in range(LINES):
            await carts.set_item(buyer, f"offer-{(number * LINES + line * 7) % OFFERS}", 1)
    tokens = await _sign_in(port, buyers)
    await drive(port, _checkouts(tokens[: BUYERS // 8]), connections=CONNECTIONS)  # warms connections and statements
    measured = tokens[BUYERS // 8 :]
    load = await drive(port, _checkouts(measured), connections=CONNECTIONS)
    assert load.statuses == {202: len(measured)}, load.statuses
    written = await pool.fetchval("SELECT count(*) FROM orders")
    assert written == BUYERS, f"{BUYERS - written} accepted orders were lost"
    await _everything_relayed(port, BUYERS)
    return load


async def _hot_item(port: int, pool: asyncpg.Pool, carts: RedisCarts) -> Load:
    """More buyers than units: every unit is sold, and who is refused is refused while none is left."""
    buyers = [f"hot-buyer-{number}" for number in range(HOT_BUYERS)]
    await repeat(lambda number: carts.set_item(buyers[number], "hot", 1), count=HOT_BUYERS, workers=CONNECTIONS)
    load = await drive(port, _checkouts(await _sign_in(port, buyers)), connections=CONNECTIONS)
    sold = await pool.fetchval("SELECT coalesce(sum(quantity), 0) FROM order_lines WHERE offer_id = 'hot'")
    assert load.statuses == {202: HOT_UNITS, 409: HOT_BUYERS - HOT_UNITS}, load.statuses
    assert sold == HOT_UNITS, f"{sold} units were sold of {HOT_UNITS}"
    orders = PostgresOrders(pool)
    for row in await pool.fetch("SELECT order_id FROM order_lines WHERE offer_id = 'hot'"):
        await orders.record_authorization(row["order_id"], "pi_bench")
        await orders.confirm_stock(row["order_id"])  # the authority has the last word: it raises SoldOut
    assert await pool.fetchval("SELECT stock FROM offers WHERE offer_id = 'hot'") == HOT_UNITS - sold
    return load


async def _everything_relayed(port: int, orders: int) -> None:
    for _ in range(600):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/bench/started") as answer:  # noqa: ASYNC210
            if json.load(answer) == orders:
                return
        await asyncio.sleep(0.1)
    raise AssertionError("the relay lost accepted orders")


async def _sign_in(port: int, buyers: Sequence[str]) -> list[str]:
    """The buyers' tokens. Each has filled a cart before it checks out, so the service has seen its token."""
    tokens = [f"Bearer {PROVIDER.token(buyer, 'buyer')}" for buyer in buyers]
    visits = [request("GET", "/orders", authorization=token) for token in tokens]
    load = await drive(port, visits, connections=CONNECTIONS)
    assert load.statuses == {200: len(visits)}, load.statuses
    return tokens


def _checkouts(tokens: Sequence[str]) -> list[bytes]:
    body = json.dumps({"payment_method": "pm_card_visa"}).encode()
    return [request("POST", "/checkout", body, authorization=one, content_type="application/json") for one in tokens]


async def _insert_limit(pool: asyncpg.Pool, first: int) -> Load:
    await pool.execute("CREATE TABLE IF NOT EXISTS bench_inserts (id integer PRIMARY KEY, body text NOT NULL)")
    insert = "INSERT INTO bench_inserts VALUES ($1, 'an order')"
    return await repeat(lambda number: pool.execute(insert, first + number), count=INSERTS, workers=CONNECTIONS)


async def _script_limit(client: redis.asyncio.Redis) -> Load:
    script = "return redis.call('DECRBY', KEYS[1], ARGV[1])"
    digest = await client.script_load(script)
    return await repeat(
        lambda number: client.evalsha(digest, 1, f"bench:{number % 100}", "1"), count=12_000, workers=CONNECTIONS
    )


@contextlib.asynccontextmanager
async def _service(database: DatabaseSettings, carts: CacheSettings) -> AsyncIterator[int]:
    port = free_port()
    settings: dict[str, Any] = {
        "HOST": "127.0.0.1",
        "PORT": port,
        "LOG_LEVEL": "WARNING",
        "AWS_REGION": "us-east-1",
        **{name.upper(): value for name, value in PROVIDER.settings().items()},
        "CHECKOUT_FLOW_ID": "arn:aws:states:us-east-1:000000000000:stateMachine:bench",
        "EVENTS_TOPIC": "arn:aws:sns:us-east-1:000000000000:bench",
        "CURRENCY": "usd",
        "COMMISSION_BASIS_POINTS": 1_000,
        "RESERVATION_TTL_SECONDS": 900,
        "ORDERS_HOST": database.host,
        "ORDERS_PORT": database.port,
        "ORDERS_DATABASE": database.database,
        "ORDERS_USER": database.user,
        "ORDERS_TLS": "disable",
        "ORDERS_AUTHENTICATION": "none",
        "CARTS_HOST": carts.host,
        "CARTS_PORT": carts.port,
        "CARTS_TLS": "disable",
    }
    environment = os.environ | {name: str(value) for name, value in settings.items()}
    child = subprocess.Popen([sys.executable, "-m", "bench.service"], env=environment)  # noqa: ASYNC220
    try:
        await _ready(port)
        yield port
    finally:
        child.terminate()
        child.wait()


async def _ready(port: int) -> None:
    for _ in range(200):
        try:
            load = await drive(port, [request("GET", "/readyz")], connections=1)
            if load.statuses[200]:
                return
        except OSError:
            await asyncio.sleep(0.1)
    raise AssertionError("the checkout service did not become ready")
