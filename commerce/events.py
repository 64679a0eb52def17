"""Domain events: what has happened in the marketplace, told to whoever subscribes.

An event is written in the transaction that makes it true, and is published later, at least once and in any order. It
carries ids and amounts, never a name, an address or anything else about a person: a subscriber that needs more reads it
from the authority.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from commerce.errors import InvalidRequest

Data = Mapping[str, str | int | bool | list[str] | None]


class EventType(StrEnum):
    """The kinds of events. Subscribers filter by these values, so an existing one is never renamed."""

    ORDER_ACCEPTED = "order_accepted"
    ORDER_CAPTURED = "order_captured"
    ORDER_FULFILLED = "order_fulfilled"
    ORDER_FAILED = "order_failed"
    SALE_SHIPPED = "sale_shipped"
    SALE_DELIVERED = "sale_delivered"
    SHARE_RELEASED = "share_released"
    PAYOUT_SENT = "payout_sent"
    REFUND_MADE = "refund_made"
    OFFER_CHANGED = "offer_changed"
    """Offers of `product_ids` were made, changed or withdrawn: of one product, or of a whole batch of an import."""
    PRODUCT_WITHDRAWN = "product_withdrawn"
    CASE_OPENED = "case_opened"
    CASE_MESSAGE = "case_message"
    CASE_ESCALATED = "case_escalated"
    CASE_CLOSED = "case_closed"
    REVIEW_DECIDED = "review_decided"
    SELLER_SUSPENDED = "seller_suspended"
    SELLER_REINSTATED = "seller_reinstated"


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainEvent:
    """Something that has happened to the subject with this id.

    `occurred_at` may be left out where an event is written: then it is the time of the transaction that writes it.
    """

    type: EventType
    subject_id: str
    data: Data = field(default_factory=dict)
    occurred_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedEvent:
    """An event as the log keeps it: with an id of its own, its time, and the trace of the request that caused it.

    The id is what a subscriber recognizes a second delivery by. `traceparent` is in W3C's format.
    """

    event_id: int
    event: DomainEvent
    traceparent: str | None = None

    def message(self) -> str:
        """The event as JSON, for a bus."""
        return json.dumps(
            {
                "event_id": self.event_id,
                "type": self.event.type,
                "subject_id": self.event.subject_id,
                "data": dict(self.event.data),
                "occurred_at": (self.event.occurred_at or datetime.now(UTC)).isoformat(),
                "traceparent": self.traceparent,
            }
        )

    @classmethod
    def from_message(cls, message: str) -> RecordedEvent:
        """The event of a `message`; raises InvalidRequest for text that is none."""
        try:
            read = json.loads(message)
            return cls(
                event_id=int(read["event_id"]),
                event=DomainEvent(
                    type=EventType(read["type"]),
                    subject_id=str(read["subject_id"]),
                    data=dict(read["data"]),
                    occurred_at=datetime.fromisoformat(read["occurred_at"]).astimezone(UTC),
                ),
                traceparent=read.get("traceparent"),
            )
        except (ValueError, KeyError, TypeError) as wrong:
            raise InvalidRequest(f"This is not an event of the marketplace: {wrong}") from wrong
