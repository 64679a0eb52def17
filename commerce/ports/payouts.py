from __future__ import annotations

from datetime import datetime
from typing import Protocol

from commerce.payouts import DueShare


class Payouts(Protocol):
    """Sellers' shares after fulfillment: first released in the ledger, then transferred by the payment processor."""

    async def release_due(self, now: datetime, limit: int = 100) -> int:
        """Release the shares whose return window has closed; returns how many. Concurrent calls share the work."""
        ...

    async def due_transfers(self, limit: int = 100) -> tuple[DueShare, ...]:
        """The shares to transfer now (`payouts.due_share`), oldest first."""
        ...

    async def record_transfer(self, order_id: str, seller_id: str, transfer_id: str) -> None:
        """The payment processor has transferred a released share."""
        ...
