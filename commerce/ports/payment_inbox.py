from __future__ import annotations

from datetime import datetime
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
        """Remember the event and do what it asks for, in one transaction. False for one that was taken before.

        News of a charge that no order has yet wait until one has it.
        """
        ...

    async def take_waiting(self, now: datetime, limit: int = 100) -> int:
        """Do what news ask for whose charge has become known; returns how many there were. Those that have waited for
        `payment_news.WAITING` are of another stack that shares the processor's account, and are forgotten."""
        ...
