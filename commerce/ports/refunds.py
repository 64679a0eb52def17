from __future__ import annotations

from datetime import datetime
from typing import Protocol

from commerce.money import Money
from commerce.refunds import Refund


class Refunds(Protocol):
    """What buyers get back: booked at once, then made at the payment processor."""

    async def request(self, order_id: str, seller_id: str, amount: Money, refund_id: str, reason: str) -> bool:
        """Check and book a refund, in one transaction; False when this refund was booked before.

        Raises OrderNotFound, RefundTooLarge, RefundConflict, and IllegalTransition for a share that was not paid for.
        """
        ...

    async def due(self, now: datetime, limit: int = 100) -> tuple[Refund, ...]:
        """The refunds that the processor is to make, and those whose part of a transfer is to come back."""
        ...

    async def record_paid(self, refund_id: str, processor_refund_id: str) -> None:
        """The processor has given the buyer the money."""
        ...

    async def record_reversed(self, refund_id: str, reversal_id: str) -> None:
        """The seller's part of the refund has come back from its account."""
        ...

    async def record_refusal(self, refund_id: str, now: datetime) -> None:
        """The processor refused the refund, or its reversal: `refunds.refused` says what follows. What is due again is
        so later than the time before."""
        ...
