"""Carries domain events from the event log to the event bus."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta

from commerce.ports import EventBus, EventLog
from services.http.attention import Attention

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class EventPace:
    """How the relay of events works. `lease` is how long taken events belong to this relay: those of a relay that died
    come back after it."""

    batch: int = 100
    poll_seconds: float = 1.0
    lease: timedelta = timedelta(seconds=60)


class EventRelay:
    """Takes events of the log, publishes them, marks them done: at least once, and in no promised order.

    It polls instead of being woken: an event is news for others, and can wait a second for buyers to be served.
    """

    def __init__(
        self, *, log: EventLog, bus: EventBus, pace: EventPace | None = None, attention: Attention | None = None
    ) -> None:
        self._events = log
        self._bus = bus
        self._pace = pace or EventPace()
        self._attention = attention or Attention()

    async def run(self) -> None:
        """Relays until canceled."""
        while True:
            try:
                while await self.relay_once() == self._pace.batch:
                    pass
            except Exception:
                # The database or the bus may be away for a while; the events stay in the log.
                _log.exception("the events could not be relayed")
            await self._attention.rest(self._pace.poll_seconds)

    async def relay_once(self) -> int:
        """Relays one batch; returns how many events were published."""
        taken = await self._events.take(self._pace.batch, self._pace.lease)
        if not taken:
            return 0
        self._attention.noticed()
        published = await self._bus.publish(taken)
        if published:
            await self._events.done(published)
        if missing := len(taken) - len(published):
            _log.warning("the bus refused events, which are published again later", extra={"events": missing})
        return len(published)
