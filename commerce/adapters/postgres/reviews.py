"""The review of orders that look fraudulent, in PostgreSQL."""

from __future__ import annotations

import asyncpg

from commerce.adapters.postgres.assessments import read_assessment
from commerce.adapters.postgres.audit import record_audit
from commerce.adapters.postgres.orders import change_order
from commerce.adapters.postgres.reading import read_order
from commerce.audit import entry_id_of
from commerce.cases import Actor
from commerce.fraud import Verdict
from commerce.orders import OrderNotFound
from commerce.reviews import Review, ReviewPage, give_verdict

_ONE = "SELECT * FROM fraud_assessments WHERE order_id = $1"
_QUEUE = """
SELECT a.* FROM fraud_assessments a JOIN orders o USING (order_id)
WHERE a.decision = 'review' AND a.approved IS NULL AND o.waits_for = 'review' AND ($1::bigint IS NULL OR a.number > $1)
ORDER BY a.number LIMIT $2
"""
_VERDICT = """
UPDATE fraud_assessments SET approved = $2, verdict_by = $3, verdict_reason = $4, verdict_at = $5 WHERE order_id = $1
"""


class PostgresReviews:
    """`commerce.ports.Reviews` over a pool of connections."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def queue(self, limit: int, cursor: str | None = None) -> ReviewPage:
        rows = await self._pool.fetch(_QUEUE, entry_id_of(cursor), limit + 1)
        items = [
            Review(
                order=await read_order(self._pool, row["order_id"]),
                assessment=read_assessment(row),
                assessed_at=row["assessed_at"],
            )
            for row in rows[:limit]
        ]
        return ReviewPage(items=tuple(items), next_cursor=str(rows[limit - 1]["number"]) if len(rows) > limit else None)

    async def get(self, order_id: str) -> Review:
        async with self._pool.acquire() as connection:
            return await _read(connection, order_id)

    async def give_verdict(self, order_id: str, actor: Actor, verdict: Verdict) -> Review:
        """The order is locked before it is read, as by every operation on it: two verdicts come one after the other."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute("SELECT 1 FROM orders WHERE order_id = $1 FOR NO KEY UPDATE", order_id)
            review = await _read(connection, order_id)
            change = give_verdict(review.order, review.assessment, actor, verdict)
            if change is None:
                return review
            await change_order(connection, order_id, lambda _: change.transition)
            given = (order_id, verdict.approved, verdict.actor_id, verdict.reason, verdict.given_at)
            await connection.execute(_VERDICT, *given)
            await record_audit(connection, change.audit)
            return await _read(connection, order_id)


async def _read(connection: asyncpg.Connection, order_id: str) -> Review:
    row = await connection.fetchrow(_ONE, order_id)
    if row is None:
        raise OrderNotFound(order_id)
    return Review(
        order=await read_order(connection, order_id), assessment=read_assessment(row), assessed_at=row["assessed_at"]
    )
