"""What was decided about orders, in PostgreSQL."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import asyncpg

from commerce.fraud import FAILURES_WINDOW, Assessment, Decider, Decision, Features, History, Verdict
from commerce.orders import Order, OrderNotFound

# Enough to tell a regular from a new buyer, and never a walk through thousands of orders.
_LATEST = 200
_HISTORY = """
SELECT
    (SELECT min(accepted_at) FROM orders WHERE buyer_id = $1 AND accepted_at < $3) AS first_order_at,
    count(*) FILTER (WHERE status IN ('captured', 'fulfilled')) AS paid_orders,
    count(*) FILTER (WHERE status = 'failed' AND accepted_at > $3 - $4::interval) AS failed_orders
FROM (
    SELECT status, accepted_at FROM orders
    WHERE buyer_id = $1 AND order_id <> $2 AND accepted_at <= $3
    ORDER BY accepted_at DESC LIMIT $5
) AS earlier
"""
_RECORD = """
INSERT INTO fraud_assessments (order_id, decision, decided_by, score, model, reasons, features)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (order_id) DO NOTHING
"""


class PostgresAssessments:
    """`commerce.ports.Assessments` over a pool of connections."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def history(self, order: Order) -> History:
        row = await self._pool.fetchrow(
            _HISTORY, order.buyer_id, order.order_id, order.accepted_at, FAILURES_WINDOW, _LATEST
        )
        return History(**row)

    async def record(self, order_id: str, assessment: Assessment) -> Assessment:
        try:
            await self._pool.execute(
                _RECORD,
                order_id,
                assessment.decision,
                assessment.decided_by,
                assessment.score,
                assessment.model,
                list(assessment.reasons),
                json.dumps(asdict(assessment.features)),
            )
        except asyncpg.ForeignKeyViolationError as unknown:
            raise OrderNotFound(order_id) from unknown
        return await self.of(order_id) or assessment

    async def of(self, order_id: str) -> Assessment | None:
        row = await self._pool.fetchrow("SELECT * FROM fraud_assessments WHERE order_id = $1", order_id)
        return None if row is None else read_assessment(row)


def read_assessment(row: Any) -> Assessment:
    """The assessment in a row of the table."""
    return Assessment(
        decision=Decision(row["decision"]),
        decided_by=Decider(row["decided_by"]),
        reasons=tuple(row["reasons"]),
        features=Features(**json.loads(row["features"])),
        score=row["score"],
        model=row["model"],
        verdict=None
        if row["approved"] is None
        else Verdict(
            approved=row["approved"],
            actor_id=row["verdict_by"],
            reason=row["verdict_reason"],
            given_at=row["verdict_at"],
        ),
    )
