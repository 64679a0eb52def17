"""What Stripe's events tell, and which are believed."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

import pytest

from commerce.adapters.stripe.notices import EVENT_TYPES, StripeNotices
from commerce.money import Money
from commerce.payment_news import DisputeMoved, PaymentMoved, RefundFailed, RefundMade
from commerce.payments import ForgedWebhook
from toolkit.local.stripe.delivery import sign

SECRETS = {"api_key": "sk_test_x", "webhook_secret": "whsec_old whsec_new", "connect_webhook_secret": "whsec_sellers"}
INTENT = {"id": "pi_1", "object": "payment_intent", "metadata": {"order_id": "o1"}}
REFUND = {"id": "re_1", "charge": "ch_1", "amount": 5, "currency": "usd", "status": "succeeded", "metadata": {}}
DISPUTE = {"id": "du_1", "charge": "ch_1", "amount": 7, "currency": "usd", "status": "needs_response"}


def now() -> int:
    """A signature is believed for five minutes, and these tests may run long after they were collected."""
    return int(time.time())


def event(kind: str, data: Mapping[str, Any], **members: Any) -> bytes:
    said = {"id": "evt_1", "type": kind, "created": now(), "livemode": False, "data": {"object": data}}
    return json.dumps(said | members).encode()


def notices(secret: Mapping[str, Any] = SECRETS) -> StripeNotices:
    return StripeNotices(read=lambda: secret, forget=lambda: None)


@pytest.mark.parametrize("secret", ["whsec_old", "whsec_new", "whsec_sellers"])
async def test_an_event_signed_with_any_secret_that_counts_is_believed(secret: str) -> None:
    body = event("payment_intent.canceled", INTENT)
    notice = await notices().verify(body, sign(body, secret, now()))
    assert (notice.event_id, notice.news) == ("evt_1", PaymentMoved(order_id="o1", payment_intent_id="pi_1"))


async def test_a_forged_an_altered_and_a_late_event_are_not_believed() -> None:
    body = event("payment_intent.canceled", INTENT)
    for signature in (sign(body, "whsec_other", now()), sign(body + b" ", "whsec_new", now()), "", "t=1,v1=x"):
        with pytest.raises(ForgedWebhook):
            await notices().verify(body, signature)
    with pytest.raises(ForgedWebhook):
        await notices().verify(body, sign(body, "whsec_new", now() - 301))
    with pytest.raises(ForgedWebhook, match="no webhook secret"):
        await notices({"api_key": "sk_test_x"}).verify(body, sign(body, "", now()))


async def test_a_secret_that_was_rotated_is_read_anew() -> None:
    current = dict(SECRETS)
    shown = dict(SECRETS)
    rotated = StripeNotices(read=lambda: dict(shown), forget=lambda: shown.update(current))
    current["webhook_secret"] = "whsec_rotated"
    body = event("payment_intent.canceled", INTENT)
    assert (await rotated.verify(body, sign(body, "whsec_rotated", now()))).news is not None


@pytest.mark.parametrize(
    ("kind", "data", "news"),
    [
        ("refund.created", REFUND, RefundMade(
            charge_id="ch_1", processor_refund_id="re_1", refund_id=None, amount=Money(5, "usd"))),
        ("refund.failed", REFUND | {"status": "failed", "failure_reason": "declined", "metadata": {"refund_id": "r"}},
         RefundFailed(processor_refund_id="re_1", refund_id="r", reason="declined")),
        ("payment_intent.canceled", INTENT | {"metadata": {}}, None),
        ("customer.created", {"id": "cus_1"}, None),
        ("charge.refunded", {"id": "ch_1"}, None),
    ],
)  # fmt: skip
async def test_an_event_tells_what_matters_or_nothing(kind: str, data: dict[str, Any], news: object) -> None:
    body = event(kind, data)
    assert (await notices().verify(body, sign(body, "whsec_new", now()))).news == news


async def test_a_dispute_tells_how_it_stands_and_since_when() -> None:
    at = now() - 1
    movements = [{"amount": -7, "fee": 15}, {"amount": 4, "fee": 0}]
    body = event("charge.dispute.closed", DISPUTE | {"status": "lost", "balance_transactions": movements}, created=at)
    news = (await notices().verify(body, sign(body, "whsec_new", now()))).news
    assert isinstance(news, DisputeMoved)
    assert (news.dispute_id, news.status, int(news.at.timestamp())) == ("du_1", "lost", at)
    assert (news.withdrawn, news.fee, news.movements) == (3, 15, 2)


async def test_a_live_endpoint_ignores_events_of_test_data() -> None:
    live = notices(SECRETS | {"api_key": "sk_live_x"})
    for livemode, heard in ((False, False), (True, True)):
        body = event("payment_intent.canceled", INTENT, livemode=livemode)
        assert ((await live.verify(body, sign(body, "whsec_new", now()))).news is not None) is heard


async def test_an_event_that_lacks_what_it_tells_is_refused() -> None:
    for kind in EVENT_TYPES:
        body = event(kind, {"metadata": {"order_id": "o1"}})
        with pytest.raises(ForgedWebhook, match="lacks"):
            await notices().verify(body, sign(body, "whsec_new", now()))
