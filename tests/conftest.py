"""Real servers for every test: started once per test process, emptied or made anew per test."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest
from redis import Redis as BlockingRedis
from redis.asyncio import Redis

from commerce.adapters.postgres import DatabaseSettings, connect_pool, migrate
from commerce.adapters.redis import CacheSettings, connect
from toolkit.local.cloud.moto import MotoServer
from toolkit.local.servers.opensearch import OpenSearchServer
from toolkit.local.servers.postgres import PostgresServer
from toolkit.local.servers.redis import RedisServer

NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    server = PostgresServer(tmp_path_factory.mktemp("postgres"), settings=NOT_DURABLE)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def postgres_dsn(postgres_server: PostgresServer) -> Iterator[str]:
    """A fresh empty database; the user is the superuser."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    postgres_server.execute(f"CREATE DATABASE {name}")
    yield postgres_server.dsn(name)
    postgres_server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def migrated_database(postgres_server: PostgresServer) -> str:
    """The name of an order database without rows, to copy: that is faster than migrating each test's own."""
    name = "migrated"
    postgres_server.execute(f"CREATE DATABASE {name}")

    async def prepare() -> None:
        owner = await asyncpg.connect(postgres_server.dsn(name))
        await migrate(owner)
        await owner.close()

    asyncio.run(prepare())
    return name


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"), settings={"appendonly": "no"})
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """A flushed server, shared with no other test process."""
    with BlockingRedis.from_url(redis_server.url) as connection:
        connection.flushall()
    return redis_server.url


@pytest.fixture
def orders_dsn(postgres_server: PostgresServer, migrated_database: str) -> Iterator[str]:
    """A new order database without rows; the user is the superuser."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    postgres_server.execute(f"CREATE DATABASE {name} TEMPLATE {migrated_database}")
    yield postgres_server.dsn(name)
    postgres_server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def pool(orders_dsn: str) -> AsyncIterator[asyncpg.Pool]:
    """Connections to a new order database. Afterwards its ledger must sum to zero."""
    opened = await connect_pool(DatabaseSettings.from_dsn(orders_dsn), min_size=1, max_size=8)
    yield opened
    await opened.close()
    owner = await asyncpg.connect(orders_dsn)
    assert await owner.fetch("SELECT currency FROM ledger_entries GROUP BY currency HAVING sum(amount) <> 0") == []
    await owner.close()


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = connect(CacheSettings.from_url(redis_url))
    yield client
    await client.aclose()


@pytest.fixture(scope="session")
def opensearch_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenSearchServer]:
    """This machine's search engine, for every test of this process."""
    server = OpenSearchServer(tmp_path_factory.mktemp("opensearch"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def moto_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MotoServer]:
    """AWS for every test of this process: name what you create so that nobody else finds it."""
    server = MotoServer(tmp_path_factory.mktemp("moto"))
    server.start()
    yield server
    server.stop()
