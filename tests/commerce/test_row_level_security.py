"""Row-level security: the seller service's role sees and touches the rows of the seller that it acts for."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest
from commerce_samples import (
    NOON,
    RETURN_WINDOW,
    MarketPorts,
    account_state,
    fulfilled,
    hold,
    postgres_market,
    stock_up,
)

from commerce.adapters.postgres import DatabaseSettings, connect_pool, grant_roles, migrate
from commerce.adapters.postgres.roles import RIGHTS
from commerce.adapters.postgres.seller_scope import acting_for

OWN = RIGHTS["seller"].own_rows
OWNERS = {
    "sellers": "seller_id",
    "order_lines": "seller_id",
    "seller_orders": "seller_id",
    "shipments": "seller_id",
    "holds": "seller_id",
    "payouts": "seller_id",
    "connected_accounts": "replace(account_id, 'acct_', '')",
    "ledger_entries": "split_part(account, ':', 2)",
}
"""Table to the expression that says whose a row is."""


@pytest.fixture
async def sellers(postgres_dsn: str) -> AsyncIterator[asyncpg.Pool]:
    """Connections of the seller service's role to a market where Ada and Ben have sold, together and alone."""
    owner = await asyncpg.create_pool(postgres_dsn, min_size=1, max_size=2)
    async with owner.acquire() as connection:
        await migrate(connection)
        await grant_roles(connection, {"seller": "reads-writes"})
    await _trade(postgres_market(owner))
    settings = DatabaseSettings.from_dsn(postgres_dsn).model_copy(update={"user": "seller"})
    pool = await connect_pool(settings, 1, 2)
    yield pool
    await pool.close()
    await owner.close()


async def _trade(market: MarketPorts) -> None:
    await stock_up(market.offers)
    for account_id in ("acct_ada", "acct_ben"):
        await market.accounts.record(account_state(account_id))
    await fulfilled(market, "both", {"lamp": 1, "tea": 1})
    await fulfilled(market, "ben-alone", {"tea": 1})
    for seller_id in ("ada", "ben"):
        await market.sales.ship(seller_id, "both", carrier="DHL", tracking="1", now=NOON)
    await market.payouts.release_due(NOON + RETURN_WINDOW)
    await market.payouts.claim(NOON + RETURN_WINDOW)
    for seller_id in ("ada", "ben"):
        await market.holds.place(hold(None, seller_id))


def test_every_table_that_the_role_reads_shows_own_rows_only() -> None:
    rights = RIGHTS["seller"]
    read = {*rights.reads, *(columns.rpartition(" ON ")[2] for columns in rights.reads_columns)}
    assert read == OWN.keys()


@pytest.mark.parametrize("table", OWNERS)
async def test_a_transaction_for_one_seller_shows_the_rows_of_no_other(sellers: asyncpg.Pool, table: str) -> None:
    assert await sellers.fetch(f"SELECT * FROM {table}") == []  # noqa: S608
    for seller_id in ("ada", "ben"):
        async with acting_for(sellers, seller_id) as connection:
            seen = {row["owner"] for row in await connection.fetch(f"SELECT {OWNERS[table]} AS owner FROM {table}")}  # noqa: S608
            assert seen == {seller_id}
    async with acting_for(sellers, "") as connection:
        assert await connection.fetch(f"SELECT * FROM {table}") == []  # noqa: S608


async def test_an_order_without_a_share_of_the_seller_is_not_there(sellers: asyncpg.Pool) -> None:
    async with acting_for(sellers, "ada") as connection:
        assert [row["order_id"] for row in await connection.fetch("SELECT order_id FROM orders")] == ["both"]
        orders = {row["order_id"] for row in await connection.fetch("SELECT order_id FROM ledger_transactions")}
        assert orders == {"both"}


async def test_two_transactions_at_the_same_time_act_each_for_its_own_seller(sellers: asyncpg.Pool) -> None:
    async with acting_for(sellers, "ada") as ada, acting_for(sellers, "ben") as ben:
        mine = "SELECT order_id FROM seller_orders ORDER BY order_id"
        assert [row["order_id"] for row in await ben.fetch(mine)] == ["ben-alone", "both"]
        assert [row["order_id"] for row in await ada.fetch(mine)] == ["both"]
        assert await ada.execute("UPDATE seller_orders SET held_until = now()") == "UPDATE 1"
        assert await ben.execute("UPDATE shipments SET tracking = '2' WHERE seller_id = 'ada'") == "UPDATE 0"
        assert await ben.fetchval("SELECT tracking FROM shipments WHERE order_id = 'both'") == "1"


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO shipments (order_id, seller_id, carrier, tracking, shipped_at) VALUES "
        "('ben-alone', 'ben', 'DHL', '1', now())",
        "INSERT INTO holds (hold_id, seller_id, reason, placed_by, placed_at) VALUES ('h', 'ben', 'r', 'p', now())",
        "INSERT INTO connected_accounts SELECT 'acct_mine', as_of, 'active', 'active', true, true, NULL, '{}' "
        "FROM connected_accounts",
    ],
)
async def test_a_row_for_another_seller_is_refused(sellers: asyncpg.Pool, statement: str) -> None:
    async with acting_for(sellers, "ada") as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            await connection.execute(statement)


async def test_the_setting_ends_with_its_transaction(sellers: asyncpg.Pool) -> None:
    async with sellers.acquire() as connection:
        async with connection.transaction():
            await connection.execute("SELECT set_config('marketplace.seller_id', 'ada', true)")
            assert await connection.fetchval("SELECT count(*) FROM payouts") == 1
        assert await connection.fetchval("SELECT count(*) FROM payouts") == 0
