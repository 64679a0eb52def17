"""PostgreSQL itself refuses a wrong ledger, whoever writes to it and however."""

from __future__ import annotations

import asyncpg
import pytest
from commerce_samples import confirmed, postgres_market, stock_up

HEADER = "INSERT INTO ledger_transactions (transaction_id, order_id, entries) VALUES ($1, 'order', $2)"
ENTRY = "INSERT INTO ledger_entries (transaction_id, account, currency, amount) VALUES ($1, $2, $3, $4)"


async def post(pool: asyncpg.Pool, name: str, entries: list[tuple[str, str, int]], declared: int | None = None) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(HEADER, name, len(entries) if declared is None else declared)
        for entry in entries:
            await connection.execute(ENTRY, name, *entry)


async def test_a_balanced_transaction_is_kept(pool: asyncpg.Pool) -> None:
    await post(pool, "t", [("a", "usd", 5), ("b", "usd", -3), ("c", "usd", -2)])
    assert await pool.fetchval("SELECT count(*) FROM ledger_entries") == 3


@pytest.mark.parametrize(
    "entries",
    [
        [("a", "usd", 5), ("b", "usd", -4)],
        [("a", "usd", 5), ("b", "eur", -5)],
        [("a", "usd", 5), ("b", "usd", -5), ("a", "eur", 1), ("b", "eur", 1)],
    ],
)
async def test_an_unbalanced_transaction_is_refused_at_commit(
    pool: asyncpg.Pool, entries: list[tuple[str, str, int]]
) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="not to zero") as refusal:
        await post(pool, "t", entries)
    assert refusal.value.constraint_name == "ledger_balanced"
    assert await pool.fetchval("SELECT count(*) FROM ledger_transactions") == 0


async def test_a_transaction_with_missing_entries_is_refused(pool: asyncpg.Pool) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="has 0 entries, not the 2"):
        await post(pool, "t", [], declared=2)
    with pytest.raises(asyncpg.CheckViolationError, match="has 2 entries, not the 3"):
        await post(pool, "t", [("a", "usd", 5), ("b", "usd", -5)], declared=3)


async def test_even_balanced_entries_cannot_be_added_to_an_old_transaction(pool: asyncpg.Pool) -> None:
    await post(pool, "t", [("a", "usd", 5), ("b", "usd", -5)])
    with pytest.raises(asyncpg.CheckViolationError, match="has 4 entries, not the 2"):
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute(ENTRY, "t", "c", "usd", 7)
            await connection.execute(ENTRY, "t", "d", "usd", -7)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ledger_entries SET amount = amount",
        "DELETE FROM ledger_entries",
        "TRUNCATE ledger_entries",
        "UPDATE ledger_transactions SET order_id = 'other'",
        "DELETE FROM ledger_transactions",
        "TRUNCATE ledger_transactions, ledger_entries",
    ],
)
async def test_the_ledger_is_append_only_even_for_the_owner(pool: asyncpg.Pool, change: str) -> None:
    await post(pool, "t", [("a", "usd", 5), ("b", "usd", -5)])
    with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
        await pool.execute(change)
    assert await pool.fetchval("SELECT sum(abs(amount)) FROM ledger_entries") == 10


async def test_a_temporary_table_does_not_fool_the_check(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        await connection.execute("CREATE TEMPORARY TABLE ledger_entries (LIKE public.ledger_entries)")
        await connection.execute(ENTRY, "t", "a", "usd", 1)
        await connection.execute(ENTRY, "t", "b", "usd", -1)
        with pytest.raises(asyncpg.CheckViolationError):
            async with connection.transaction():
                await connection.execute(HEADER, "t", 2)
                await connection.execute(ENTRY.replace("ledger_entries", "public.ledger_entries"), "t", "a", "usd", 9)
        await connection.execute("DROP TABLE pg_temp.ledger_entries")


async def test_the_stock_cannot_become_negative(pool: asyncpg.Pool) -> None:
    market = postgres_market(pool)
    await stock_up(market.offers, stock=1)
    await confirmed(market, "o1", {"lamp": 1})
    with pytest.raises(asyncpg.CheckViolationError):
        await pool.execute("UPDATE offers SET stock = stock - 1 WHERE offer_id = 'lamp'")
