"""Migrations of the order database."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from commerce_samples import fulfilled, postgres_market, stock_up

from commerce.adapters.postgres import (
    DatabaseSettings,
    MigrationTampered,
    connect_pool,
    grant_roles,
    migrate,
    read_migrations,
)
from commerce.adapters.postgres.migration import MIGRATIONS, Migration
from toolkit.local.servers.postgres import PostgresServer


@pytest.fixture
async def owner(postgres_dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(postgres_dsn)
    yield connection
    await connection.close()


async def test_migrating_twice_applies_once(owner: asyncpg.Connection) -> None:
    assert await migrate(owner) == tuple(migration.name for migration in read_migrations())
    assert await migrate(owner) == ()


async def test_an_edited_migration_is_noticed(owner: asyncpg.Connection, tmp_path: Path) -> None:
    await migrate(owner)
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder)
    edited = folder / "0002_ledger.sql"
    edited.write_text(edited.read_text() + "\n-- innocent\n")
    with pytest.raises(MigrationTampered, match="0002_ledger was edited"):
        await migrate(owner, read_migrations(folder))


async def test_an_edited_journal_is_noticed(owner: asyncpg.Connection) -> None:
    await migrate(owner)
    await owner.execute("UPDATE schema_migrations SET checksum = 'forged' WHERE version = 1")
    with pytest.raises(MigrationTampered, match="0001_marketplace was edited"):
        await migrate(owner)


async def test_older_code_does_not_touch_a_newer_database(owner: asyncpg.Connection) -> None:
    await migrate(owner)
    with pytest.raises(MigrationTampered, match="Deploy the newer code"):
        await migrate(owner, read_migrations()[:1])


async def test_a_migration_that_fails_leaves_nothing_behind(owner: asyncpg.Connection) -> None:
    await migrate(owner)
    following = len(read_migrations()) + 1
    broken = Migration(version=following, name="broken", sql="CREATE TABLE half (id int); SELECT 1 / 0;")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(owner, (*read_migrations(), broken))
    assert await owner.fetchval("SELECT to_regclass('half')") is None
    mended = Migration(version=following, name="mended", sql="CREATE TABLE whole (id int)")
    assert await migrate(owner, (*read_migrations(), mended)) == ("mended",)


async def test_orders_in_the_old_spelling_are_migrated(owner: asyncpg.Connection) -> None:
    await migrate(owner, read_migrations()[:2])
    await owner.execute(
        """
        INSERT INTO orders (order_id, buyer_id, currency, total, payment_method, status, payment_intent_id, failure)
        VALUES ('paid', 'b', 'usd', 5, 'pm', 'authorised', 'pi', NULL),
               ('lost', 'b', 'usd', 5, 'pm', 'failed', NULL, 'x');
        INSERT INTO seller_orders (order_id, seller_id, gross, commission, state)
        VALUES ('lost', 's', 5, 1, 'cancelled');
        """
    )
    await migrate(owner)
    assert await owner.fetchval("SELECT status FROM orders WHERE order_id = 'paid'") == "authorized"
    assert await owner.fetchval("SELECT state FROM seller_orders WHERE order_id = 'lost'") == "canceled"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE orders SET payment_intent_id = NULL",
        "UPDATE orders SET status = 'authorised'",
        "UPDATE orders SET status = 'captured'",
        "UPDATE orders SET failure = 'x'",
    ],
)
async def test_an_authorized_order_keeps_its_payment_and_its_states(owner: asyncpg.Connection, change: str) -> None:
    await migrate(owner)
    await owner.execute(
        "INSERT INTO orders (order_id, buyer_id, currency, total, payment_method, status, payment_intent_id) "
        "VALUES ('paid', 'b', 'usd', 5, 'pm', 'authorized', 'pi')"
    )
    with pytest.raises(asyncpg.CheckViolationError):
        await owner.execute(change)


@pytest.mark.parametrize("names", [["0001_a.sql", "0003_c.sql"], ["0001_a.sql", "0001_b.sql"], ["1_a.sql"]])
def test_gaps_doubles_and_misnamed_files_are_refused(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).write_text("SELECT 1")
    with pytest.raises(MigrationTampered):
        read_migrations(tmp_path)


async def test_a_whole_sale_works_on_the_newest_postgresql_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server on PATH is one version; the wheel brings a newer one."""
    monkeypatch.setattr(shutil, "which", lambda name: None)
    server = PostgresServer(tmp_path / "newest", settings={"fsync": "off"})
    server.start()
    try:
        server.execute("CREATE DATABASE orders")
        pool = await connect_pool(DatabaseSettings.from_dsn(server.dsn("orders")), 1, 2)
        async with pool.acquire() as connection:
            assert connection.get_server_version().major >= 18
            await migrate(connection)
            for _ in range(2):
                await grant_roles(connection, {"checkout": "reads-writes", "catalog": "reads"})
        market = postgres_market(pool)
        await stock_up(market.offers)
        await fulfilled(market, "o1", {"lamp": 1, "tea": 1})
        assert await market.ledger.totals() == {"usd": 0}
        with pytest.raises(asyncpg.RestrictViolationError):
            await pool.execute("DELETE FROM ledger_entries")
        await pool.close()
    finally:
        server.stop()
