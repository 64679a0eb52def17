"""`commerce.ports.StockGate` in memory."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta

from commerce.inventory import SoldOut, UnknownCounters, check_lines


def _utc_now() -> datetime:
    return datetime.now(UTC)


class MemoryStockGate:
    def __init__(self, clock: Callable[[], datetime] = _utc_now) -> None:
        self._clock = clock
        self.lose_everything()

    def lose_everything(self) -> None:
        """Be empty, as a cache is after a restart."""
        self._counters: dict[str, int] = {}
        self._lines: dict[str, Mapping[str, int]] = {}
        self._expiries: dict[str, datetime] = {}

    async def reserve(self, reservation_id: str, lines: Mapping[str, int], ttl: timedelta) -> None:
        check_lines(lines)
        if reservation_id in self._lines:
            return
        if missing := lines.keys() - self._counters.keys():
            raise UnknownCounters(missing)
        if short := [offer_id for offer_id, quantity in lines.items() if self._counters[offer_id] < quantity]:
            raise SoldOut(short)
        for offer_id, quantity in lines.items():
            self._counters[offer_id] -= quantity
        self._lines[reservation_id] = dict(lines)
        self._expiries[reservation_id] = self._clock() + ttl

    async def seed(self, available: Mapping[str, int]) -> None:
        for offer_id, units in available.items():
            self._counters.setdefault(offer_id, units)

    async def release(self, reservation_id: str) -> None:
        self._expiries.pop(reservation_id, None)
        for offer_id, quantity in self._lines.pop(reservation_id, {}).items():
            if offer_id in self._counters:
                self._counters[offer_id] += quantity

    async def consume(self, reservation_id: str) -> None:
        self._expiries.pop(reservation_id, None)

    async def expired(self, now: datetime) -> frozenset[str]:
        return frozenset(reservation_id for reservation_id, expiry in self._expiries.items() if expiry <= now)

    async def sweep(self, now: datetime) -> int:
        expired = await self.expired(now)
        for reservation_id in expired:
            await self.release(reservation_id)
        return len(expired)

    async def available(self, offer_ids: Collection[str]) -> Mapping[str, int]:
        return {offer_id: self._counters[offer_id] for offer_id in offer_ids if offer_id in self._counters}

    async def held(self) -> frozenset[str]:
        return frozenset(self._expiries)

    async def rebuild(self, available: Mapping[str, int], ordered: Collection[str]) -> None:
        counters = dict(available)
        for reservation_id in self._expiries.keys() - set(ordered):
            for offer_id, quantity in self._lines[reservation_id].items():
                if offer_id in counters:
                    counters[offer_id] -= quantity
        self._counters |= counters
