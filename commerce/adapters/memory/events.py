"""`commerce.ports.EventLog` and `commerce.ports.EventBus` in memory."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta

from commerce.adapters.memory.market import MemoryMarket
from commerce.events import RecordedEvent


class MemoryEventLog:
    def __init__(self, market: MemoryMarket) -> None:
        self._market = market

    async def take(self, limit: int, lease: timedelta) -> tuple[RecordedEvent, ...]:
        now = datetime.now(UTC)
        due = [row for row in self._market.events.values() if row.due_at <= now][:limit]
        for row in due:
            row.due_at = now + lease
        return tuple(row.recorded for row in due)

    async def done(self, event_ids: Collection[int]) -> None:
        for event_id in event_ids:
            self._market.events.pop(event_id, None)


class MemoryEventBus:
    """Keeps what was published, in order."""

    def __init__(self) -> None:
        self.published: list[RecordedEvent] = []

    async def publish(self, events: Sequence[RecordedEvent]) -> frozenset[int]:
        self.published.extend(events)
        return frozenset(event.event_id for event in events)
