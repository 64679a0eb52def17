"""The audit log in PostgreSQL. No role may change it, and a trigger stops the owner, too."""

from __future__ import annotations

import json
from typing import Any

import asyncpg

from commerce.audit import AuditEntry, AuditPage, AuditQuery, RecordedEntry, entry_id_of

_RECORD = """
INSERT INTO audit_log (happened_at, actor_id, role, action, subject_type, subject_id, reason, before, after)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
_SEARCH = """
SELECT * FROM audit_log
WHERE ($1::text IS NULL OR actor_id = $1)
    AND ($2::text IS NULL OR action = $2)
    AND ($3::text IS NULL OR subject_type = $3)
    AND ($4::text IS NULL OR subject_id = $4)
    AND ($5::timestamptz IS NULL OR happened_at >= $5)
    AND ($6::timestamptz IS NULL OR happened_at < $6)
    AND ($7::bigint IS NULL OR entry_id < $7)
ORDER BY entry_id DESC LIMIT $8
"""


async def record_audit(connection: asyncpg.Connection, entry: AuditEntry | None) -> None:
    """Write an entry in the transaction of the action that it tells of."""
    if entry is not None:
        await connection.execute(
            _RECORD,
            entry.happened_at,
            entry.actor_id,
            entry.role,
            entry.action,
            entry.subject_type,
            entry.subject_id,
            entry.reason,
            json.dumps(dict(entry.before)),
            json.dumps(dict(entry.after)),
        )


class PostgresAuditLog:
    """`commerce.ports.AuditLog` over a pool of connections."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def search(self, query: AuditQuery, limit: int, cursor: str | None = None) -> AuditPage:
        rows = await self._pool.fetch(
            _SEARCH,
            query.actor_id,
            query.action,
            query.subject_type,
            query.subject_id,
            query.since,
            query.until,
            entry_id_of(cursor),
            limit + 1,
        )
        items = tuple(map(_recorded, rows[:limit]))
        return AuditPage(items=items, next_cursor=str(items[-1].entry_id) if len(rows) > limit else None)


def _recorded(row: Any) -> RecordedEntry:
    return RecordedEntry(
        entry_id=row["entry_id"],
        entry=AuditEntry(
            actor_id=row["actor_id"],
            role=row["role"],
            action=row["action"],
            subject_type=row["subject_type"],
            subject_id=row["subject_id"],
            reason=row["reason"],
            happened_at=row["happened_at"],
            before=json.loads(row["before"]),
            after=json.loads(row["after"]),
        ),
    )
