"""What the ledger says of one seller, in PostgreSQL."""

from __future__ import annotations

from datetime import datetime

import asyncpg

from commerce.adapters.postgres.payouts import ON_HOLD
from commerce.adapters.postgres.seller_scope import acting_for
from commerce.ledger import held, payable
from commerce.money import Money
from commerce.statements import (
    MAXIMUM_ENTRIES,
    Balance,
    Statement,
    StatementEntry,
    check_period,
    draw_up,
)

# One pass over the seller's two accounts, and one over the few shares that are due, on the way or on hold.
_TOTALS = """
SELECT account, currency, -sum(amount)::bigint AS amount FROM ledger_entries WHERE account IN ($1, $2)
GROUP BY account, currency
"""
_ON_THE_WAY = """
SELECT currency, sum(amount)::bigint AS amount FROM payouts WHERE seller_id = $1 AND state = 'claimed' GROUP BY currency
"""
_BY_ORDER = """
SELECT e.currency, coalesce(-sum(e.amount), 0)::bigint AS amount
FROM seller_orders s JOIN ledger_transactions t USING (order_id) JOIN ledger_entries e USING (transaction_id)
WHERE s.seller_id = $1 AND {condition} GROUP BY e.currency
"""
_RELEASABLE = _BY_ORDER.format(
    condition=f"e.account = $2 AND s.state = 'held' AND s.held_until <= $3 AND NOT {ON_HOLD}"
)
_STOPPED = _BY_ORDER.format(
    condition=f"e.account IN ($2, $3) AND s.state IN ('held', 'released') AND s.transfer_id IS NULL AND {ON_HOLD}"
)
_OPENING = """
SELECT e.account, e.currency, -sum(e.amount)::bigint AS amount
FROM ledger_entries e JOIN ledger_transactions t USING (transaction_id)
WHERE e.account IN ($1, $2) AND t.posted_at < $3 GROUP BY e.account, e.currency
"""
_ENTRIES = """
SELECT t.transaction_id, t.order_id, t.posted_at, e.account, e.currency, -e.amount AS amount,
    CASE WHEN t.transaction_id LIKE 'transfer/%' THEN (p.earlier_transfers || p.transfer_id)[
        coalesce(nullif(substr(t.transaction_id, length('transfer/' || t.order_id || '/' || $5) + 2), '')::integer, 1)
    ] END AS transfer_id
FROM ledger_entries e JOIN ledger_transactions t USING (transaction_id)
LEFT JOIN payouts p ON p.order_id = t.order_id AND p.seller_id = $5
WHERE e.account IN ($1, $2) AND t.posted_at >= $3 AND t.posted_at < $4
ORDER BY t.posted_at, t.transaction_id, e.account, e.currency LIMIT $6
"""


class PostgresStatements:
    """`commerce.ports.Statements` over a pool of connections."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def balance(self, seller_id: str, now: datetime) -> tuple[Balance, ...]:
        kept, due = held(seller_id), payable(seller_id)
        async with acting_for(self._pool, seller_id) as connection:
            totals = {
                (row["account"], row["currency"]): row["amount"] for row in await connection.fetch(_TOTALS, kept, due)
            }
            on_the_way = _by_currency(await connection.fetch(_ON_THE_WAY, seller_id))
            releasable = _by_currency(await connection.fetch(_RELEASABLE, seller_id, kept, now))
            stopped = _by_currency(await connection.fetch(_STOPPED, seller_id, kept, due))
        return tuple(
            Balance(
                currency=currency,
                held=totals.get((kept, currency), 0),
                releasable=releasable.get(currency, 0),
                payable=max(0, totals.get((due, currency), 0)),
                on_the_way=on_the_way.get(currency, 0),
                owed=max(0, -totals.get((due, currency), 0)),
                stopped=stopped.get(currency, 0),
            )
            for currency in sorted({currency for _, currency in totals})
        )

    async def statement(self, seller_id: str, start: datetime, end: datetime) -> Statement:
        check_period(start, end)
        accounts = (held(seller_id), payable(seller_id))
        # One instant for both readings: what is posted meanwhile is in neither.
        async with acting_for(self._pool, seller_id, "repeatable_read") as connection:
            before = await connection.fetch(_OPENING, *accounts, start)
            rows = await connection.fetch(_ENTRIES, *accounts, start, end, seller_id, MAXIMUM_ENTRIES + 1)
        opening = {(row["account"], row["currency"]): row["amount"] for row in before}
        entries = (
            StatementEntry(
                transaction_id=row["transaction_id"],
                order_id=row["order_id"],
                posted_at=row["posted_at"],
                account=row["account"],
                amount=Money(row["amount"], row["currency"]),
                transfer_id=row["transfer_id"],
            )
            for row in rows
        )
        return draw_up(seller_id, start, end, opening, entries)


def _by_currency(rows: list[asyncpg.Record]) -> dict[str, int]:
    return {row["currency"]: row["amount"] for row in rows}
