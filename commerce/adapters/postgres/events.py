"""Domain events in PostgreSQL: written in the transaction that makes them true, taken by the relay."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import timedelta
from typing import Any

import asyncpg

from commerce.adapters.telemetry import traceparent
from commerce.events import DomainEvent, EventType, RecordedEvent

_RECORD = """
INSERT INTO events (type, subject_id, data, occurred_at, traceparent)
SELECT type, subject_id, data, coalesce(occurred_at, now()), $5
FROM unnest($1::text[], $2::text[], $3::json[], $4::timestamptz[]) AS e (type, subject_id, data, occurred_at)
"""
# A lease like that of the outbox: no transaction waits for the bus, and what a dead relay took is due again. While a
# deployment rolls, a type that this release does not know yet is left to one that does.
_TAKE = """
WITH due AS MATERIALIZED (
    SELECT event_id FROM events WHERE due_at <= now() AND type = ANY ($3::text[])
    ORDER BY event_id LIMIT $1 FOR UPDATE SKIP LOCKED
)
UPDATE events SET due_at = now() + $2 FROM due WHERE events.event_id = due.event_id
RETURNING events.event_id, type, subject_id, data, occurred_at, traceparent
"""


async def record(connection: asyncpg.Connection, *events: DomainEvent) -> None:
    """Write events in the transaction of `connection`, in which what they tell is stored, too."""
    if events:
        await connection.execute(
            _RECORD,
            [event.type for event in events],
            [event.subject_id for event in events],
            [json.dumps(dict(event.data)) for event in events],
            [event.occurred_at for event in events],
            traceparent(),
        )


class PostgresEventLog:
    """`commerce.ports.EventLog` over a pool of connections."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def take(self, limit: int, lease: timedelta) -> tuple[RecordedEvent, ...]:
        rows = await self._pool.fetch(_TAKE, limit, lease, list(EventType))
        return tuple(sorted(map(_recorded, rows), key=lambda event: event.event_id))

    async def done(self, event_ids: Collection[int]) -> None:
        await self._pool.execute("DELETE FROM events WHERE event_id = ANY ($1::bigint[])", list(event_ids))


def _recorded(row: Any) -> RecordedEvent:
    return RecordedEvent(
        event_id=row["event_id"],
        event=DomainEvent(
            type=EventType(row["type"]),
            subject_id=row["subject_id"],
            data=json.loads(row["data"]),
            occurred_at=row["occurred_at"],
        ),
        traceparent=row["traceparent"],
    )
