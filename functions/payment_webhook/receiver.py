"""One event of the payment processor: verify, store, answer."""

from __future__ import annotations

import logging
from enum import StrEnum

from commerce.ports import PaymentInbox, PaymentNotices

_log = logging.getLogger(__name__)


class Receipt(StrEnum):
    """What became of an event. Each is answered with 2xx: sending it again would change nothing."""

    HANDLED = "handled"
    REPEATED = "repeated"
    IGNORED = "ignored"


class Receiver:
    """Takes events over its ports."""

    def __init__(self, *, notices: PaymentNotices, inbox: PaymentInbox) -> None:
        self._notices = notices
        self._inbox = inbox

    async def receive(self, body: bytes, signature: str) -> Receipt:
        """Handles the event once. Raises ForgedWebhook; any other error means that the event must be sent again."""
        notice = await self._notices.verify(body, signature)
        facts = {"event_id": notice.event_id, "event_type": notice.type}
        if notice.news is None:
            _log.info("event ignored", extra=facts)
            return Receipt.IGNORED
        receipt = Receipt.HANDLED if await self._inbox.take(notice) else Receipt.REPEATED
        _log.info("event taken", extra={**facts, "receipt": receipt})
        return receipt
