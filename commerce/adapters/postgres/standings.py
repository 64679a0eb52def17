"""Which sellers may sell, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import asyncpg

from commerce import suspension
from commerce.adapters.postgres.audit import record_audit
from commerce.adapters.postgres.events import record
from commerce.adapters.postgres.holds import lift, place
from commerce.cases import Actor
from commerce.suspension import SellerNotFound, Standing, StandingChange, StandingPage

_ONE = "SELECT seller_id, display_name, suspended_at, suspension_reason FROM sellers WHERE seller_id = $1"
_SUSPENDED = """
SELECT seller_id, display_name, suspended_at, suspension_reason FROM sellers
WHERE suspended_at IS NOT NULL AND ($1::text IS NULL OR seller_id > $1) ORDER BY seller_id LIMIT $2
"""


class PostgresStandings:
    """`commerce.ports.Standings` over a pool of connections."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def get(self, seller_id: str) -> Standing:
        return await _read(self._pool, _ONE, seller_id)

    async def suspended(self, limit: int, cursor: str | None = None) -> StandingPage:
        rows = await self._pool.fetch(_SUSPENDED, cursor, limit + 1)
        items = tuple(map(_standing, rows[:limit]))
        return StandingPage(items=items, next_cursor=items[-1].seller_id if len(rows) > limit else None)

    async def suspend(self, seller_id: str, actor: Actor, reason: str, now: datetime) -> Standing:
        return await self._change(seller_id, lambda standing: suspension.suspend(standing, actor, reason, now))

    async def reinstate(self, seller_id: str, actor: Actor, reason: str, now: datetime) -> Standing:
        return await self._change(seller_id, lambda standing: suspension.reinstate(standing, actor, reason, now))

    async def _change(self, seller_id: str, decide: Callable[[Standing], StandingChange | None]) -> Standing:
        async with self._pool.acquire() as connection, connection.transaction():
            standing = await _read(connection, f"{_ONE} FOR NO KEY UPDATE", seller_id)
            change = decide(standing)
            if change is None:
                return standing
            after = change.standing
            await connection.execute(
                "UPDATE sellers SET suspended_at = $2, suspension_reason = $3 WHERE seller_id = $1",
                seller_id,
                after.suspended_at,
                after.reason,
            )
            await (place if change.hold.open else lift)(connection, change.hold)
            await record(connection, change.event)
            await record_audit(connection, change.audit)
            return after


async def _read(source: asyncpg.Pool | asyncpg.Connection, statement: str, seller_id: str) -> Standing:
    row = await source.fetchrow(statement, seller_id)
    if row is None:
        raise SellerNotFound(seller_id)
    return _standing(row)


def _standing(row: Any) -> Standing:
    return Standing(
        seller_id=row["seller_id"],
        display_name=row["display_name"],
        suspended_at=row["suspended_at"],
        reason=row["suspension_reason"],
    )
