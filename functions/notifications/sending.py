"""What becomes of one message of the queue: mails, or an address that is not written to any more."""

from __future__ import annotations

import logging
from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from pydantic.alias_generators import to_camel

from commerce.events import RecordedEvent
from commerce.measures import measured
from commerce.notices import NOTIFIED, MailRefused, Notice, notices, order_of
from commerce.ports import Orders
from commerce.ports.mail import Directory, MailBook, Mailer
from commerce.ports.measures import Measures
from functions.notifications.rendering import render

LEASE = timedelta(minutes=1)
"""How long a delivery may take to send one mail: longer than the function may run."""
_log = logging.getLogger(__name__)


class _Feedback(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)


class _Recipient(_Feedback):
    email_address: str


class _Bounce(_Feedback):
    bounce_type: str
    bounced_recipients: list[_Recipient]


class _Complaint(_Feedback):
    complained_recipients: list[_Recipient]


class MailFeedback(_Feedback):
    """What the mail service tells of a mail: it bounced, or its reader complained."""

    event_type: str
    bounce: _Bounce | None = None
    complaint: _Complaint | None = None

    @property
    def dead(self) -> list[str]:
        """Addresses that must not be written to. A bounce that is not permanent (a full mailbox) is none."""
        if self.complaint:
            return [one.email_address for one in self.complaint.complained_recipients]
        if self.bounce and self.bounce.bounce_type == "Permanent":
            return [one.email_address for one in self.bounce.bounced_recipients]
        return []


class Message(BaseModel):
    """Tells the two kinds of messages apart: feedback says `eventType`, an event of the marketplace does not."""

    feedback: str | None = Field(default=None, alias="eventType")


_MESSAGE = TypeAdapter(Message)


class Sending:
    """Sends the mails that an event calls for, each once whatever is delivered twice or in another order.

    A mail is claimed before it is sent and settled after. Only a crash between the two can send it twice.
    """

    def __init__(
        self, *, orders: Orders, book: MailBook, directory: Directory, mailer: Mailer | None, measures: Measures
    ) -> None:
        self._orders = orders
        self._book = book
        self._directory = directory
        self._mailer = mailer
        self._measures = measures

    async def handle(self, body: str) -> int:
        """Handles one message and returns how many mails it sent.

        Raises InvalidRequest or ValidationError for a body that is no message, OrderNotFound, and what keeps a mail
        from being sent now.
        """
        if _MESSAGE.validate_json(body).feedback:
            feedback = MailFeedback.model_validate_json(body)
            for address in feedback.dead:
                await self._book.block(address, feedback.event_type)
            return 0
        recorded = RecordedEvent.from_message(body)
        sent = await self._notify(recorded)
        # In the end: a message that failed is delivered again.
        for measure, value in measured(recorded.event).items():
            self._measures.add(measure, value)
        return sent

    async def _notify(self, recorded: RecordedEvent) -> int:
        if recorded.event.type not in NOTIFIED or self._mailer is None:
            return 0
        order_id = order_of(recorded.event)
        order = await self._orders.get(order_id) if order_id is not None else None
        sent = 0
        for notice in notices(recorded.event, order):
            sent += await self._send(recorded.event_id, notice, self._mailer)
        return sent

    async def _send(self, event_id: int, notice: Notice, mailer: Mailer) -> bool:
        mail = (event_id, notice.recipient_id, notice.kind)
        if not await self._book.claim(*mail, LEASE):
            return False
        try:
            address = await self._directory.address(notice.recipient_id)
            if address is None or await self._book.blocked(address):
                await self._book.settle(*mail, None)
                return False
            message_id = await mailer.send(render(notice, address))
        except MailRefused as refused:
            _log.warning("a mail was refused", extra={"reason": refused.reason, "kind": notice.kind})
            await self._book.settle(*mail, None)
            return False
        except Exception:
            await self._book.give_back(*mail)
            raise
        await self._book.settle(*mail, message_id)
        return True
