from __future__ import annotations

from typing import Protocol

from commerce.payment_news import Notice


class PaymentNotices(Protocol):
    """What tells the processor's events from forgeries."""

    async def verify(self, body: bytes, signature: str) -> Notice:
        """The event in the raw bytes. Raises ForgedWebhook, also for one that is older than five minutes."""
        ...


class PaymentInbox(Protocol):
    """Events of the processor, each handled once."""

    async def take(self, notice: Notice) -> bool:
        """Remember the event and do what it asks for, in one transaction. False for one that was taken before."""
        ...
