from __future__ import annotations

from datetime import datetime
from typing import Protocol

from commerce.holds import Hold


class Holds(Protocol):
    """What keeps money from being paid out. Placing and lifting take turns with the claims of the same seller."""

    async def place(self, hold: Hold) -> Hold:
        """Keep a share, or everything of a seller; one with this id that is open stays as it is and is returned.

        Raises OrderNotFound for an order that has no share of the seller, ShareAlreadyPaid for one that is on its way.
        """
        ...

    async def lift(self, seller_id: str, hold_id: str, *, by: str, reason: str, now: datetime) -> Hold:
        """End an open hold of the seller. Raises HoldNotFound."""
        ...

    async def of_seller(self, seller_id: str) -> tuple[Hold, ...]:
        """The seller's open holds, the oldest first."""
        ...
