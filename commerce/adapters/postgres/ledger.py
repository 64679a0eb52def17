"""The ledger in PostgreSQL. Triggers refuse entries that are unbalanced, altered or added later."""

from __future__ import annotations

from collections.abc import Mapping

import asyncpg

from commerce.ledger import Entry, LedgerConflict, LedgerTransaction
from commerce.money import Money

_POST = """
WITH posted AS (
    INSERT INTO ledger_transactions (transaction_id, order_id, entries)
    VALUES ($1, $2, cardinality($3::text[]))
    ON CONFLICT (transaction_id) DO NOTHING
    RETURNING transaction_id
)
INSERT INTO ledger_entries (transaction_id, account, currency, amount)
SELECT transaction_id, account, currency, amount
FROM posted, unnest($3::text[], $4::text[], $5::bigint[]) AS e (account, currency, amount)
RETURNING 1
"""
_READ = """
SELECT t.order_id, e.account, e.currency, e.amount
FROM ledger_transactions t JOIN ledger_entries e USING (transaction_id)
WHERE t.transaction_id = $1
ORDER BY e.account, e.currency
"""


async def post(source: asyncpg.Pool | asyncpg.Connection, transaction: LedgerTransaction) -> bool:
    """Append a transaction; see `commerce.ports.Ledger.post`. One without entries moves nothing and is not kept."""
    if not transaction.entries:
        return False
    posted = await source.fetch(
        _POST,
        transaction.transaction_id,
        transaction.order_id,
        [entry.account for entry in transaction.entries],
        [entry.amount.currency for entry in transaction.entries],
        [entry.amount.amount for entry in transaction.entries],
    )
    if posted:
        return True
    if await read_transaction(source, transaction.transaction_id) != transaction:
        raise LedgerConflict(transaction.transaction_id)
    return False


async def read_transaction(source: asyncpg.Pool | asyncpg.Connection, transaction_id: str) -> LedgerTransaction | None:
    """None for an id that the ledger does not have."""
    rows = await source.fetch(_READ, transaction_id)
    if not rows:
        return None
    return LedgerTransaction(
        transaction_id=transaction_id,
        order_id=rows[0]["order_id"],
        entries=tuple(Entry(account=row["account"], amount=Money(row["amount"], row["currency"])) for row in rows),
    )


class PostgresLedger:
    """`commerce.ports.Ledger` over a pool of connections."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def post(self, transaction: LedgerTransaction) -> bool:
        return await post(self._pool, transaction)

    async def get(self, transaction_id: str) -> LedgerTransaction | None:
        return await read_transaction(self._pool, transaction_id)

    async def balance(self, account: str) -> Mapping[str, int]:
        rows = await self._pool.fetch(
            "SELECT currency, sum(amount)::bigint AS amount FROM ledger_entries WHERE account = $1 GROUP BY currency",
            account,
        )
        return {row["currency"]: row["amount"] for row in rows}

    async def totals(self) -> Mapping[str, int]:
        rows = await self._pool.fetch(
            "SELECT currency, sum(amount)::bigint AS amount FROM ledger_entries GROUP BY currency"
        )
        return {row["currency"]: row["amount"] for row in rows}
