"""Which mails an event calls for, and to whom."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from commerce.errors import MarketplaceError
from commerce.events import EventType
from commerce.orders import Order, OrderLine


class NoticeKind(StrEnum):
    """The kinds of mails; each has a template of its name."""

    ORDER_PLACED = "order_placed"
    ORDER_CONFIRMED = "order_confirmed"
    ORDER_SHIPPED = "order_shipped"
    ORDER_FAILED = "order_failed"
    ITEMS_SOLD = "items_sold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A mail to one user about an order. `lines` are those that concern the user."""

    kind: NoticeKind
    recipient_id: str
    order: Order
    lines: tuple[OrderLine, ...]


def _to_buyer(kind: NoticeKind) -> Callable[[Order], tuple[Notice, ...]]:
    return lambda order: (Notice(kind=kind, recipient_id=order.buyer_id, order=order, lines=order.lines),)


def _captured(order: Order) -> tuple[Notice, ...]:
    """The buyer knows that it is paid, and each seller what to send."""
    sold = tuple(
        Notice(
            kind=NoticeKind.ITEMS_SOLD,
            recipient_id=share.seller_id,
            order=order,
            lines=tuple(line for line in order.lines if line.seller_id == share.seller_id),
        )
        for share in order.sellers
    )
    return (*_to_buyer(NoticeKind.ORDER_CONFIRMED)(order), *sold)


NOTICES: Mapping[EventType, Callable[[Order], tuple[Notice, ...]]] = {
    EventType.ORDER_ACCEPTED: _to_buyer(NoticeKind.ORDER_PLACED),
    EventType.ORDER_CAPTURED: _captured,
    EventType.ORDER_FULFILLED: _to_buyer(NoticeKind.ORDER_SHIPPED),
    EventType.ORDER_FAILED: _to_buyer(NoticeKind.ORDER_FAILED),
}
"""What each event about an order calls for; nobody is told of the others."""


class MailRefused(MarketplaceError):
    """The mail service refused a mail for good: sending it again would be refused, too."""

    code = "mail-refused"
    title = "The mail was refused"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The mail service refused the mail: {reason}", reason=reason)
        self.reason = reason


class MailInProgress(MarketplaceError):
    """Another delivery of the same event is sending this mail right now."""

    code = "mail-in-progress"
    title = "The mail is being sent"

    def __init__(self, event_id: int) -> None:
        super().__init__(f"A mail of event {event_id} is being sent by another delivery. Deliver it again later.")
