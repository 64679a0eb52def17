"""The ports under test: every contract test runs against memory and against the real store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import boto3
import pytest
from commerce_samples import MarketPorts, empty, memory_market, postgres_market
from hypothesis import settings
from moto import mock_aws

from commerce.adapters.aws import DynamoProducts
from commerce.adapters.aws.session import session
from commerce.adapters.memory import MemoryCarts, MemoryProducts, MemoryStockGate
from commerce.adapters.postgres import DatabaseSettings, connect_pool, migrate
from commerce.adapters.redis import CacheSettings, RedisCarts, RedisStockGate, connect
from commerce.ports import Carts, Products, StockGate
from toolkit.local.servers.postgres import PostgresServer

# A busy machine is no failure of a rule.
settings.register_profile("commerce", deadline=None)
settings.load_profile("commerce")


class Clock:
    """A clock that a test moves by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, duration: timedelta) -> datetime:
        self.now += duration
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def market_dsn(postgres_server: PostgresServer) -> str:
    """One migrated order database for all tests of this process: `pool` empties it."""
    postgres_server.execute("CREATE DATABASE commerce_tests")
    dsn = postgres_server.dsn("commerce_tests")

    async def prepare() -> None:
        connection = await asyncpg.connect(dsn)
        await migrate(connection)
        await connection.close()

    asyncio.run(prepare())
    return dsn


@pytest.fixture
async def pool(market_dsn: str) -> AsyncIterator[asyncpg.Pool]:
    """Connections to an empty order database. Afterwards its ledger must sum to zero."""
    pool = await connect_pool(DatabaseSettings.from_dsn(market_dsn), min_size=1, max_size=12)
    await empty(pool)
    yield pool
    assert await pool.fetch("SELECT currency FROM ledger_entries GROUP BY currency HAVING sum(amount) <> 0") == []
    await pool.close()


@pytest.fixture
async def redis_client(redis_url: str) -> AsyncIterator[Any]:
    client = connect(CacheSettings.from_url(redis_url))
    yield client
    await client.aclose()


@pytest.fixture
async def memory() -> AsyncIterator[MarketPorts]:
    """A market in memory. Afterwards its ledger must sum to zero."""
    market = memory_market()
    yield market
    assert not any((await market.ledger.totals()).values())


@pytest.fixture(params=["memory", "postgres"])
def market(request: pytest.FixtureRequest) -> MarketPorts:
    if request.param == "memory":
        in_memory: MarketPorts = request.getfixturevalue("memory")
        return in_memory
    return postgres_market(request.getfixturevalue("pool"))


@pytest.fixture(params=["memory", "redis"])
def gate(request: pytest.FixtureRequest, clock: Clock) -> StockGate:
    if request.param == "memory":
        return MemoryStockGate(clock)
    return RedisStockGate(request.getfixturevalue("redis_client"), clock)


@pytest.fixture(params=["memory", "redis"])
def carts(request: pytest.FixtureRequest) -> Carts:
    return MemoryCarts() if request.param == "memory" else RedisCarts(request.getfixturevalue("redis_client"))


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    session.cache_clear()
    with mock_aws():
        yield
    session.cache_clear()


@pytest.fixture(params=["memory", "dynamodb"])
def products(request: pytest.FixtureRequest) -> Products:
    if request.param == "memory":
        return MemoryProducts()
    request.getfixturevalue("aws")
    boto3.client("dynamodb", region_name="eu-central-1").create_table(
        TableName="products",
        KeySchema=[{"AttributeName": "product_id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("product_id", "category")],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-category",
                "KeySchema": [
                    {"AttributeName": "category", "KeyType": "HASH"},
                    {"AttributeName": "product_id", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    return DynamoProducts("products")
