from __future__ import annotations

from datetime import datetime
from typing import Protocol

from commerce.payouts import Payout, PayoutPage


class Payouts(Protocol):
    """Sellers' shares after fulfillment: released in the ledger, claimed for a transfer, transferred.

    Concurrent calls share the work. `commerce.payouts` decides.
    """

    async def release_due(self, now: datetime, limit: int = 100) -> int:
        """Release the shares whose return window has closed; returns how many."""
        ...

    async def claim(self, now: datetime, limit: int = 100) -> tuple[Payout, ...]:
        """Fix the amounts of the shares to transfer now, and take again what was claimed and not settled in its time.

        Each is this caller's alone for `payouts.LEASE`. A share that a debt eats up is settled at once, and not among
        them. A share that was paid is claimed anew when its seller is owed more: `payouts.pay_again`.
        """
        ...

    async def record_transfer(self, order_id: str, seller_id: str, transfer_id: str) -> None:
        """The payment processor has transferred a claimed share."""
        ...

    async def record_refusal(self, order_id: str, seller_id: str, reason: str, now: datetime) -> None:
        """The payment processor refused the transfer, and nothing was moved: the share is claimed again later."""
        ...

    async def held(self) -> int:
        """What sellers' held shares came to when they were sold, all together and in minor units."""
        ...

    async def of_seller(self, seller_id: str, limit: int, cursor: str | None = None) -> PayoutPage:
        """The seller's payouts, the latest claimed first. Raises InvalidRequest for a foreign cursor."""
        ...
