from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Protocol

from commerce.events import RecordedEvent


class EventLog(Protocol):
    """Events that are still to be published. The store that changes something writes them, in the same transaction."""

    async def take(self, limit: int, lease: timedelta) -> tuple[RecordedEvent, ...]:
        """The oldest events that are due, leased for `lease`: those that are not `done` by then are due again."""
        ...

    async def done(self, event_ids: Collection[int]) -> None: ...


class EventBus(Protocol):
    """Carries events to their subscribers, at least once and in any order."""

    async def publish(self, events: Sequence[RecordedEvent]) -> frozenset[int]:
        """The ids of the events that were published; those missing are to be published again."""
        ...
