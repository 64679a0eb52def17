from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Protocol


class StockGate(Protocol):
    """The fast counters in front of the stock. `reservation_id` is the order id."""

    async def reserve(self, reservation_id: str, lines: Mapping[str, int], ttl: timedelta) -> None:
        """Reserve all lines or none. A repeated id changes nothing, also after `consume`.

        Raises SoldOut (naming the offers that are short) and UnknownCounters (offers to `seed` first).
        """
        ...

    async def seed(self, available: Mapping[str, int]) -> None:
        """Set the counters that are missing; existing ones stay."""
        ...

    async def release(self, reservation_id: str) -> None:
        """Give the units of a reservation back, once: held, or consumed by an order whose stock was restored."""
        ...

    async def consume(self, reservation_id: str) -> None:
        """The order database has taken the units: the reservation no longer expires."""
        ...

    async def expired(self, now: datetime) -> frozenset[str]:
        """The ids of the held reservations that have expired."""
        ...

    async def sweep(self, now: datetime) -> int:
        """Release the reservations that have expired; returns how many. `StockKeeper.sweep` spares those of orders."""
        ...

    async def available(self, offer_ids: Collection[str]) -> Mapping[str, int]:
        """The counters that exist among these."""
        ...

    async def held(self) -> frozenset[str]:
        """The ids of the reservations that are neither consumed nor released."""
        ...

    async def rebuild(self, available: Mapping[str, int], ordered: Collection[str]) -> None:
        """Overwrite counters with the order database's figures, less the held reservations not in `ordered`."""
        ...
