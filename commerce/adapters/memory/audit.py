"""`commerce.ports.AuditLog` in memory."""

from __future__ import annotations

from commerce.adapters.memory.market import MemoryMarket
from commerce.audit import AuditPage, AuditQuery, RecordedEntry, entry_id_of, matches


class MemoryAuditLog:
    def __init__(self, market: MemoryMarket) -> None:
        self._market = market

    async def search(self, query: AuditQuery, limit: int, cursor: str | None = None) -> AuditPage:
        before = entry_id_of(cursor)
        found = [
            RecordedEntry(entry_id=number, entry=entry)
            for number, entry in reversed(list(enumerate(self._market.audit, start=1)))
            if matches(entry, query) and (before is None or number < before)
        ]
        items = tuple(found[:limit])
        return AuditPage(items=items, next_cursor=str(items[-1].entry_id) if len(found) > limit else None)
