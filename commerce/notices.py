"""Which mails an event calls for, and to whom."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from commerce.cases import Party
from commerce.errors import MarketplaceError
from commerce.events import DomainEvent, EventType
from commerce.money import Money
from commerce.orders import Order, OrderLine


class NoticeKind(StrEnum):
    """The kinds of mails; each has a template of its name."""

    ORDER_PLACED = "order_placed"
    ORDER_APPROVED = "order_approved"
    ORDER_CONFIRMED = "order_confirmed"
    ORDER_PASSED_ON = "order_passed_on"
    ORDER_FAILED = "order_failed"
    PARCEL_SENT = "parcel_sent"
    PARCEL_DELIVERED = "parcel_delivered"
    ITEMS_SOLD = "items_sold"
    ITEMS_DELIVERED = "items_delivered"
    REFUND_MADE = "refund_made"
    ITEMS_REFUNDED = "items_refunded"
    PAYOUT_SENT = "payout_sent"
    CASE_OPENED = "case_opened"
    CASE_MESSAGE = "case_message"
    CASE_ESCALATED = "case_escalated"
    CASE_CLOSED = "case_closed"
    SELLER_SUSPENDED = "seller_suspended"
    SELLER_REINSTATED = "seller_reinstated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A mail to one user. `lines` are those of the order that concern the user; a mail may be about no order.

    `amount`, `until` and `words` are what the event tells: the words of an event, such as a carrier, by their names.
    """

    kind: NoticeKind
    recipient_id: str
    order: Order | None = None
    lines: tuple[OrderLine, ...] = ()
    amount: Money | None = None
    until: datetime | None = None
    words: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """An event, and the order that it is about."""

    event: DomainEvent
    order: Order | None

    def to_buyer(self, kind: NoticeKind) -> Notice:
        """Of the part of one seller where the event is about that, else of the whole order."""
        assert self.order is not None  # noqa: S101 - the event has an order
        return self._notice(kind, self.order.buyer_id, self._text("seller_id"))

    def to_seller(self, kind: NoticeKind) -> Notice:
        seller_id = self._text("seller_id")
        return self._notice(kind, seller_id, seller_id)

    def to_each_seller(self, kind: NoticeKind) -> tuple[Notice, ...]:
        sellers = self.order.sellers if self.order else ()
        return tuple(self._notice(kind, share.seller_id, share.seller_id) for share in sellers)

    def to_both(self, kind: NoticeKind) -> tuple[Notice, ...]:
        return self.to_buyer(kind), self.to_seller(kind)

    def says(self, name: str, *values: str) -> bool:
        return self._text(name) in values

    def _text(self, name: str) -> str:
        return str(self.event.data.get(name) or "")

    def _notice(self, kind: NoticeKind, recipient_id: str, seller_id: str) -> Notice:
        lines = self.order.lines if self.order else ()
        data = self.event.data
        amount, currency, until = data.get("amount"), data.get("currency"), self._text("held_until")
        return Notice(
            kind=kind,
            recipient_id=recipient_id,
            order=self.order,
            lines=tuple(line for line in lines if not seller_id or line.seller_id == seller_id),
            amount=Money(amount, currency) if isinstance(amount, int) and isinstance(currency, str) else None,
            until=datetime.fromisoformat(until) if until else None,
            words={name: value for name, value in data.items() if isinstance(value, str)},
        )


_Rule = Callable[[_Told], tuple[Notice, ...]]


def _reviewed(told: _Told) -> tuple[Notice, ...]:
    """An order that was refused fails, which is told then."""
    return (told.to_buyer(NoticeKind.ORDER_APPROVED),) if told.says("verdict", "approved") else ()


def _written(told: _Told) -> tuple[Notice, ...]:
    """To whoever did not write it."""
    if told.says("party", Party.BUYER):
        return (told.to_seller(NoticeKind.CASE_MESSAGE),)
    if told.says("party", Party.SELLER):
        return (told.to_buyer(NoticeKind.CASE_MESSAGE),)
    return told.to_both(NoticeKind.CASE_MESSAGE)


_RULES: Mapping[EventType, _Rule] = {
    EventType.ORDER_ACCEPTED: lambda told: (told.to_buyer(NoticeKind.ORDER_PLACED),),
    EventType.REVIEW_DECIDED: _reviewed,
    EventType.ORDER_CAPTURED: lambda told: (
        told.to_buyer(NoticeKind.ORDER_CONFIRMED),
        *told.to_each_seller(NoticeKind.ITEMS_SOLD),
    ),
    EventType.ORDER_FULFILLED: lambda told: (told.to_buyer(NoticeKind.ORDER_PASSED_ON),),
    EventType.ORDER_FAILED: lambda told: (told.to_buyer(NoticeKind.ORDER_FAILED),),
    EventType.SALE_SHIPPED: lambda told: (told.to_buyer(NoticeKind.PARCEL_SENT),),
    EventType.SALE_DELIVERED: lambda told: (
        told.to_buyer(NoticeKind.PARCEL_DELIVERED),
        told.to_seller(NoticeKind.ITEMS_DELIVERED),
    ),
    EventType.REFUND_MADE: lambda told: (
        told.to_buyer(NoticeKind.REFUND_MADE),
        told.to_seller(NoticeKind.ITEMS_REFUNDED),
    ),
    EventType.PAYOUT_SENT: lambda told: (told.to_seller(NoticeKind.PAYOUT_SENT),),
    EventType.CASE_OPENED: lambda told: told.to_both(NoticeKind.CASE_OPENED),
    EventType.CASE_MESSAGE: _written,
    EventType.CASE_ESCALATED: lambda told: told.to_both(NoticeKind.CASE_ESCALATED),
    EventType.CASE_CLOSED: lambda told: told.to_both(NoticeKind.CASE_CLOSED),
    EventType.SELLER_SUSPENDED: lambda told: (told.to_seller(NoticeKind.SELLER_SUSPENDED),),
    EventType.SELLER_REINSTATED: lambda told: (told.to_seller(NoticeKind.SELLER_REINSTATED),),
}
_WITHOUT_ORDER = frozenset({EventType.SELLER_SUSPENDED, EventType.SELLER_REINSTATED})

NOTIFIED = frozenset(_RULES)
"""The events that call for mails. A released share is told when it is paid out, offers and products to nobody."""


def order_of(event: DomainEvent) -> str | None:
    """The id of the order that an event is about; None for one that is about a seller."""
    return None if event.type in _WITHOUT_ORDER else str(event.data.get("order_id") or event.subject_id)


def notices(event: DomainEvent, order: Order | None) -> tuple[Notice, ...]:
    """The mails that an event calls for; `order` is the one that `order_of` names."""
    rule = _RULES.get(event.type)
    return rule(_Told(event=event, order=order)) if rule else ()


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
