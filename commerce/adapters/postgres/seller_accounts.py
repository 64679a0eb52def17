"""Sellers' accounts at the payment processor, in PostgreSQL."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import asyncpg

from commerce.adapters.postgres.seller_scope import acting_for
from commerce.seller_accounts import AccountState, SellerAccount, SellerNotRegistered

_GET = """
SELECT s.seller_id, s.account_id, a.as_of, a.transfers, a.card_payments, a.payouts_enabled, a.details_submitted,
    a.disabled_reason, a.due
FROM sellers s LEFT JOIN connected_accounts a USING (account_id) WHERE s.seller_id = $1
"""
# `seller_accounts.is_news`.
_RECORD = """
INSERT INTO connected_accounts AS a (account_id, as_of, transfers, card_payments, payouts_enabled, details_submitted,
    disabled_reason, due)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (account_id) DO UPDATE SET as_of = $2, transfers = $3, card_payments = $4, payouts_enabled = $5,
    details_submitted = $6, disabled_reason = $7, due = $8
WHERE a.as_of <= $2
RETURNING true
"""
_UNCONFIRMED = """
SELECT s.account_id FROM sellers s LEFT JOIN connected_accounts a USING (account_id)
WHERE s.account_id IS NOT NULL AND (a.as_of IS NULL OR (a.transfers <> 'active' AND a.as_of < $1))
ORDER BY a.as_of NULLS FIRST, s.account_id LIMIT $2
"""


class PostgresSellerAccounts:
    """`commerce.ports.SellerAccounts` over a pool of connections."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def get(self, seller_id: str) -> SellerAccount | None:
        async with acting_for(self._pool, seller_id) as connection:
            row = await connection.fetchrow(_GET, seller_id)
        return None if row is None or row["account_id"] is None else _account(row)

    async def require_registered(self, seller_id: str) -> None:
        async with acting_for(self._pool, seller_id) as connection:
            if not await connection.fetchval("SELECT true FROM sellers WHERE seller_id = $1", seller_id):
                raise SellerNotRegistered(seller_id)

    async def attach(self, seller_id: str, account_id: str) -> SellerAccount:
        async with acting_for(self._pool, seller_id) as connection:
            await connection.execute(
                "UPDATE sellers SET account_id = $2 WHERE seller_id = $1 AND account_id IS NULL", seller_id, account_id
            )
            row = await connection.fetchrow(_GET, seller_id)
        if row is None:
            raise SellerNotRegistered(seller_id)
        return _account(row)

    async def record(self, state: AccountState, seller_id: str | None = None) -> bool:
        async with acting_for(self._pool, seller_id or "") as connection:
            return await keep(connection, state)

    async def unconfirmed(self, before: datetime, limit: int = 100) -> tuple[str, ...]:
        return tuple(row["account_id"] for row in await self._pool.fetch(_UNCONFIRMED, before, limit))


async def keep(connection: asyncpg.Connection, state: AccountState) -> bool:
    """Keep what was told of an account, in the transaction of what told it; False for what is older than the known."""
    kept = await connection.fetchval(
        _RECORD,
        state.account_id,
        state.as_of,
        state.transfers,
        state.card_payments,
        state.payouts_enabled,
        state.details_submitted,
        state.disabled_reason,
        list(state.due),
    )
    return bool(kept)


def _account(row: Any) -> SellerAccount:
    state = None
    if row["as_of"] is not None:
        state = AccountState(
            account_id=row["account_id"],
            as_of=row["as_of"],
            transfers=row["transfers"],
            card_payments=row["card_payments"],
            payouts_enabled=row["payouts_enabled"],
            details_submitted=row["details_submitted"],
            disabled_reason=row["disabled_reason"],
            due=tuple(row["due"]),
        )
    return SellerAccount(seller_id=row["seller_id"], account_id=row["account_id"], state=state)
