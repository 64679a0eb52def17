"""Stripe's events as the facts that matter to the marketplace.

An event keeps the shape of the API version that its endpoint was registered with, so only members are read that every
version has. Events of other types, of test data at a live endpoint, and of payments that are not of an order say
nothing here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from commerce.adapters.stripe import webhooks
from commerce.adapters.stripe.accounts import account_state
from commerce.adapters.stripe.credentials import StripeCredentials
from commerce.money import Money
from commerce.payment_news import AccountChanged, DisputeMoved, News, Notice, PaymentMoved, RefundFailed, RefundMade
from commerce.payments import ForgedWebhook, WebhookEvent

TOLERANCE_SECONDS = 300
_Data = Mapping[str, Any]


class StripeNotices:
    """`commerce.ports.PaymentNotices` for the secrets that `read` gives. A signature that none of them made is tried
    once more after `forget`: the secret may have been rotated."""

    def __init__(self, read: Callable[[], Mapping[str, Any]], forget: Callable[[], None]) -> None:
        self._read = read
        self._forget = forget

    async def verify(self, body: bytes, signature: str) -> Notice:
        """See `commerce.ports.PaymentNotices.verify`."""
        try:
            event, live = await asyncio.to_thread(self._verified, body, signature)
        except ForgedWebhook:
            self._forget()
            event, live = await asyncio.to_thread(self._verified, body, signature)
        news = news_of(event) if event.livemode is live else None
        return Notice(event_id=event.event_id, type=event.type, news=news)

    def _verified(self, body: bytes, signature: str) -> tuple[WebhookEvent, bool]:
        credentials = StripeCredentials.model_validate(self._read())
        failure = ForgedWebhook("There is no webhook secret to verify with. Register the webhook endpoint first.")
        for secret in credentials.signing_secrets:
            try:
                return webhooks.verify(body, signature, secret, TOLERANCE_SECONDS), credentials.live
            except ForgedWebhook as forged:
                failure = forged
        raise failure


def news_of(event: WebhookEvent) -> News | None:
    """The fact that an event tells, None for one that does not matter. Raises ForgedWebhook for a damaged one."""
    tell = _TELLS.get(event.type)
    try:
        return tell(event, event.data) if tell else None
    except (KeyError, TypeError, ValueError) as error:
        raise ForgedWebhook(f"Event {event.event_id} ({event.type}) lacks {error}.") from error


def _payment(event: WebhookEvent, intent: _Data) -> News | None:
    order_id = (intent.get("metadata") or {}).get("order_id")
    return PaymentMoved(order_id=order_id, payment_intent_id=intent["id"]) if order_id else None


def _refund(event: WebhookEvent, refund: _Data) -> News | None:
    ours = (refund.get("metadata") or {}).get("refund_id")
    if refund["status"] in ("failed", "canceled"):
        reason = refund.get("failure_reason") or refund["status"]
        return RefundFailed(processor_refund_id=refund["id"], refund_id=ours, reason=reason)
    if not refund.get("charge"):
        return None
    return RefundMade(
        charge_id=refund["charge"],
        processor_refund_id=refund["id"],
        refund_id=ours,
        amount=Money(refund["amount"], refund["currency"]),
    )


def _dispute(event: WebhookEvent, dispute: _Data) -> News | None:
    movements = dispute.get("balance_transactions") or ()
    return DisputeMoved(
        dispute_id=dispute["id"],
        charge_id=dispute["charge"],
        amount=Money(dispute["amount"], dispute["currency"]),
        status=dispute["status"],
        at=_moment(event),
        withdrawn=-sum(one["amount"] for one in movements),
        fee=sum(one["fee"] for one in movements),
        movements=len(movements),
    )


def _account(event: WebhookEvent, account: _Data) -> News | None:
    return AccountChanged(state=account_state(account, _moment(event)))


def _moment(event: WebhookEvent) -> datetime:
    return datetime.fromtimestamp(event.created, UTC)


_TELLS: Mapping[str, Callable[[WebhookEvent, _Data], News | None]] = {
    "payment_intent.amount_capturable_updated": _payment,
    "payment_intent.payment_failed": _payment,
    "payment_intent.canceled": _payment,
    "refund.created": _refund,
    "refund.updated": _refund,
    "refund.failed": _refund,
    "charge.dispute.created": _dispute,
    "charge.dispute.updated": _dispute,
    "charge.dispute.funds_withdrawn": _dispute,
    "charge.dispute.funds_reinstated": _dispute,
    "charge.dispute.closed": _dispute,
    "account.updated": _account,
}
EVENT_TYPES = tuple(_TELLS)
"""What the endpoints are to be registered for."""
