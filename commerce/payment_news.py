"""What the payment processor tells by itself: the facts that matter here, in its own order, more than once, or never.

`commerce.ports.PaymentInbox` applies each in the transaction that remembers the event. Every fact is therefore safe to
be told again, late, or before the one that it follows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from commerce.money import Money
from commerce.seller_accounts import AccountState

WAITING = timedelta(days=30)
"""The longest time between the news of a charge and the charge's own record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentMoved:
    """A payment of an order is in another state. Which one, the saga asks the processor: this may be told late."""

    order_id: str
    payment_intent_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundMade:
    """The processor has given money back. `refund_id` is ours, None for one that was made at the processor itself."""

    charge_id: str
    processor_refund_id: str
    refund_id: str | None
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundFailed:
    """The money of a refund came back to the platform: the buyer has to be paid in another way."""

    processor_refund_id: str
    refund_id: str | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeMoved:
    """The buyer's bank disputes a charge. `status` is the processor's own word, `at` when it was so.

    `withdrawn` is what the processor keeps back by then, in minor units, `fee` what it has taken for itself, and
    `movements` the number of its movements that they come from: it only grows, so it says which news is the later.
    """

    dispute_id: str
    charge_id: str
    amount: Money
    status: str
    at: datetime
    withdrawn: int = 0
    fee: int = 0
    movements: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChanged:
    """What a seller's account at the processor may do now."""

    state: AccountState


ChargeNews = RefundMade | DisputeMoved
"""What names a charge. It may come before the charge itself was recorded."""
News = PaymentMoved | RefundMade | RefundFailed | DisputeMoved | AccountChanged


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """An event whose signature was verified. `news` is None for one that says nothing that matters here."""

    event_id: str
    type: str
    news: News | None
