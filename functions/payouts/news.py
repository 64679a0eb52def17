"""What the processor told of charges before they were recorded here."""

from __future__ import annotations

from datetime import datetime

from commerce.ports import PaymentInbox


class TakeWaitingNews:
    """Does what such news ask for once the charge is known."""

    def __init__(self, inbox: PaymentInbox) -> None:
        self._inbox = inbox

    async def __call__(self, now: datetime) -> int:
        return await self._inbox.take_waiting(now)
