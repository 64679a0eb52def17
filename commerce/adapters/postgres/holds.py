"""Holds in PostgreSQL."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import asyncpg

from commerce.adapters.postgres.audit import record_audit
from commerce.adapters.postgres.payouts import TURN
from commerce.adapters.postgres.seller_scope import acting_for
from commerce.holds import Hold, HoldNotFound, ShareAlreadyPaid, by_hand
from commerce.orders import OrderNotFound

_SHARE = """
SELECT p.state IN ('claimed', 'sent', 'settled') AS paid
FROM seller_orders s LEFT JOIN payouts p USING (order_id, seller_id)
WHERE s.order_id = $1 AND s.seller_id = $2
"""
_PLACE = """
INSERT INTO holds (hold_id, seller_id, order_id, reason, placed_by, placed_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (hold_id) WHERE lifted_at IS NULL DO NOTHING RETURNING true
"""
_OPEN = "SELECT * FROM holds WHERE seller_id = $1 AND hold_id = $2 AND lifted_at IS NULL"
_LIFT = """
UPDATE holds SET lifted_by = $3, lift_reason = $4, lifted_at = $5
WHERE seller_id = $1 AND hold_id = $2 AND lifted_at IS NULL RETURNING *
"""
_OF_SELLER = "SELECT * FROM holds WHERE seller_id = $1 AND lifted_at IS NULL ORDER BY placed_at, hold_id"


async def place(connection: asyncpg.Connection, hold: Hold) -> None:
    """Place a hold in the transaction of what it follows from. What is claimed or paid by then stays so."""
    await connection.execute(TURN, hold.seller_id)
    facts = (hold.hold_id, hold.seller_id, hold.order_id, hold.reason, hold.placed_by, hold.placed_at)
    await connection.execute(_PLACE, *facts)


async def lift(connection: asyncpg.Connection, lifted: Hold) -> None:
    """Lift a hold, if it is open, in the transaction of what ends it."""
    facts = (lifted.seller_id, lifted.hold_id, lifted.lifted_by, lifted.lift_reason, lifted.lifted_at)
    await connection.execute(_LIFT, *facts)


class PostgresHolds:
    """`commerce.ports.Holds` over a pool of connections."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def place(self, hold: Hold) -> Hold:
        async with acting_for(self._pool, hold.seller_id) as connection:
            await connection.execute(TURN, hold.seller_id)
            if hold.order_id is not None:
                share = await connection.fetchrow(_SHARE, hold.order_id, hold.seller_id)
                if share is None:
                    raise OrderNotFound(hold.order_id)
                if share["paid"]:
                    raise ShareAlreadyPaid(hold.order_id, hold.seller_id)
            facts = (hold.hold_id, hold.seller_id, hold.order_id, hold.reason, hold.placed_by, hold.placed_at)
            if await connection.fetchval(_PLACE, *facts):
                await record_audit(connection, by_hand(hold))
            return hold_of(await connection.fetchrow(_OPEN, hold.seller_id, hold.hold_id))

    async def lift(self, seller_id: str, hold_id: str, *, by: str, reason: str, now: datetime) -> Hold:
        async with acting_for(self._pool, seller_id) as connection:
            row = await connection.fetchrow(_LIFT, seller_id, hold_id, by, reason, now)
            if row is None:
                raise HoldNotFound(hold_id)
            lifted = hold_of(row)
            await record_audit(connection, by_hand(lifted))
            return lifted

    async def of_seller(self, seller_id: str) -> tuple[Hold, ...]:
        async with acting_for(self._pool, seller_id) as connection:
            return tuple(hold_of(row) for row in await connection.fetch(_OF_SELLER, seller_id))


def hold_of(row: Any) -> Hold:
    return Hold(**dict(row))
