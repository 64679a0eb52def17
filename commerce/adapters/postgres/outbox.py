"""The outbox in PostgreSQL: orders whose flow is still to be started, written in the statement that accepts them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

import asyncpg

from commerce.dispatch import Dispatch, Patience, Redispatched

# A lease, not a lock held while the workflow service is called: no transaction waits for the network, and the rows of a
# relay that died are due again when their lease has run out. What is chosen stands in a WITH of its own: PostgreSQL may
# run a subquery once for each row that it is compared with, and then lock more rows than the limit.
_TAKE = """
WITH due AS MATERIALIZED (
    SELECT outbox_id FROM outbox WHERE due_at <= now() ORDER BY outbox_id LIMIT $1 FOR UPDATE SKIP LOCKED
)
UPDATE outbox SET due_at = now() + $2 FROM due WHERE outbox.outbox_id = due.outbox_id
RETURNING outbox.outbox_id, order_id, attempt, traceparent
"""
# Which orders: `Patience.stands_still`, written so that the index on `touched_at` finds them.
_REDISPATCH = """
WITH still AS MATERIALIZED (
    SELECT o.order_id FROM orders o
    WHERE o.status NOT IN ('fulfilled', 'failed') AND o.waits_for IS NULL AND o.dispatches - o.resumes <= $4
        AND o.touched_at <= now() - least($1::interval, $2::interval)
        AND o.touched_at <= now() - power(2, o.dispatches - o.resumes - 1) * CASE
            WHEN o.status = 'captured' AND NOT EXISTS (
                SELECT FROM seller_orders s WHERE s.order_id = o.order_id AND s.state = 'pending'
            ) THEN $2::interval
            ELSE $1::interval
        END
        AND NOT EXISTS (SELECT FROM outbox WHERE outbox.order_id = o.order_id)
    ORDER BY o.touched_at LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED
), idle AS (
    UPDATE orders SET dispatches = dispatches + 1, touched_at = now() FROM still
    WHERE orders.order_id = still.order_id
    RETURNING orders.order_id, dispatches, dispatches - resumes > $4 AS given_up
), queued AS (
    INSERT INTO outbox (order_id, attempt) SELECT order_id, dispatches FROM idle WHERE NOT given_up
)
SELECT order_id, given_up FROM idle
"""


class PostgresOutbox:
    """`commerce.ports.Outbox` over a pool of connections."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def take(self, limit: int, lease: timedelta) -> tuple[Dispatch, ...]:
        rows = await self._pool.fetch(_TAKE, limit, lease)
        return tuple(sorted((Dispatch(**row) for row in rows), key=lambda dispatch: dispatch.outbox_id))

    async def done(self, outbox_ids: Collection[int]) -> None:
        await self._pool.execute("DELETE FROM outbox WHERE outbox_id = ANY ($1::bigint[])", list(outbox_ids))

    async def redispatch(self, patience: Patience, limit: int = 100) -> Redispatched:
        rows = await self._pool.fetch(_REDISPATCH, patience.idle, patience.fulfillment_idle, limit, patience.dispatches)
        given_up = tuple(sorted(row["order_id"] for row in rows if row["given_up"]))
        return Redispatched(queued=len(rows) - len(given_up), given_up=given_up)
