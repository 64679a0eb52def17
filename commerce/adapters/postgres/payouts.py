"""Release and transfer of sellers' shares in PostgreSQL."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import asyncpg

from commerce.adapters.postgres.ledger import post
from commerce.ledger import release_transaction, transfer_transaction
from commerce.money import Money
from commerce.orders import OrderNotFound, SellerOrder, SellerOrderState
from commerce.payouts import DueShare, must_record_transfer

_SHARES = """
SELECT s.*, o.currency, p.display_name
FROM seller_orders s JOIN orders o USING (order_id) JOIN sellers p USING (seller_id)
"""
# `payouts.may_release`, by an index. SKIP LOCKED: several workers release at once, each its own shares.
_CLOSED = f"""
{_SHARES} WHERE s.state = 'held' AND s.held_until <= $1
ORDER BY s.held_until, s.order_id, s.seller_id LIMIT $2 FOR UPDATE OF s SKIP LOCKED
"""
_ONE = f"{_SHARES} WHERE s.order_id = $1 AND s.seller_id = $2 FOR UPDATE OF s"
# `payouts.due_share`.
_DUE = """
SELECT s.order_id, s.seller_id, s.gross - s.commission AS net, o.currency, o.charge_id, p.account_id
FROM seller_orders s JOIN orders o USING (order_id) JOIN sellers p USING (seller_id)
WHERE s.state = 'released' AND s.transfer_id IS NULL AND s.gross > s.commission AND p.account_id IS NOT NULL
ORDER BY s.held_until, s.order_id, s.seller_id LIMIT $1
"""


class PostgresPayouts:
    """`commerce.ports.Payouts` over a pool of connections."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def release_due(self, now: datetime, limit: int = 100) -> int:
        async with self._pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(_CLOSED, now, limit)
            for row in rows:
                await connection.execute(
                    "UPDATE seller_orders SET state = 'released' WHERE order_id = $1 AND seller_id = $2",
                    row["order_id"],
                    row["seller_id"],
                )
                await post(connection, release_transaction(row["order_id"], _share(row)))
        return len(rows)

    async def due_transfers(self, limit: int = 100) -> tuple[DueShare, ...]:
        return tuple(
            DueShare(
                order_id=row["order_id"],
                seller_id=row["seller_id"],
                amount=Money(row["net"], row["currency"]),
                account_id=row["account_id"],
                source_charge=row["charge_id"],
            )
            for row in await self._pool.fetch(_DUE, limit)
        )

    async def record_transfer(self, order_id: str, seller_id: str, transfer_id: str) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(_ONE, order_id, seller_id)
            if row is None:
                raise OrderNotFound(order_id)
            share = _share(row)
            if must_record_transfer(order_id, share, transfer_id):
                await connection.execute(
                    "UPDATE seller_orders SET transfer_id = $3 WHERE order_id = $1 AND seller_id = $2",
                    order_id,
                    seller_id,
                    transfer_id,
                )
                await post(connection, transfer_transaction(order_id, share))


def _share(row: Any) -> SellerOrder:
    return SellerOrder(
        seller_id=row["seller_id"],
        seller_name=row["display_name"],
        gross=Money(row["gross"], row["currency"]),
        commission=Money(row["commission"], row["currency"]),
        net=Money(row["gross"] - row["commission"], row["currency"]),
        state=SellerOrderState(row["state"]),
        held_until=row["held_until"],
        transfer_id=row["transfer_id"],
    )
