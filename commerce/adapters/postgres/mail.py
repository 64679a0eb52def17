"""Which mails were sent, and which addresses are not written to, in PostgreSQL."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import asyncpg

from commerce.notices import MailInProgress, NoticeKind

_CLAIM = """
INSERT INTO mails (event_id, recipient_id, kind) VALUES ($1, $2, $3)
ON CONFLICT (event_id, recipient_id, kind) DO UPDATE SET claimed_at = now()
WHERE mails.state = 'claimed' AND mails.claimed_at <= now() - $4::interval
RETURNING 1
"""
_STATE = "SELECT state FROM mails WHERE event_id = $1 AND recipient_id = $2 AND kind = $3"
_SETTLE = """
UPDATE mails SET state = CASE WHEN $4::text IS NULL THEN 'refused' ELSE 'sent' END, message_id = $4
WHERE event_id = $1 AND recipient_id = $2 AND kind = $3
"""
_GIVE_BACK = """
UPDATE mails SET claimed_at = '-infinity'
WHERE event_id = $1 AND recipient_id = $2 AND kind = $3 AND state = 'claimed'
"""


class PostgresMailBook:
    """`commerce.ports.MailBook` over a pool of connections."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def claim(self, event_id: int, recipient_id: str, kind: NoticeKind, lease: timedelta) -> bool:
        if await self._pool.fetchval(_CLAIM, event_id, recipient_id, kind, lease):
            return True
        if await self._pool.fetchval(_STATE, event_id, recipient_id, kind) == "claimed":
            raise MailInProgress(event_id)
        return False

    async def settle(self, event_id: int, recipient_id: str, kind: NoticeKind, message_id: str | None) -> None:
        await self._pool.execute(_SETTLE, event_id, recipient_id, kind, message_id)

    async def give_back(self, event_id: int, recipient_id: str, kind: NoticeKind) -> None:
        await self._pool.execute(_GIVE_BACK, event_id, recipient_id, kind)

    async def block(self, address: str, reason: str) -> None:
        await self._pool.execute(
            "INSERT INTO blocked_addresses (digest, reason) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            _digest(address),
            reason,
        )

    async def blocked(self, address: str) -> bool:
        return bool(await self._pool.fetchval("SELECT true FROM blocked_addresses WHERE digest = $1", _digest(address)))


def _digest(address: str) -> str:
    """An address compares without its case, and is not to be read from the database."""
    return hashlib.sha256(address.strip().lower().encode()).hexdigest()
