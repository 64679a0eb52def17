"""Disputes of the double: what they take from the platform, what they tell, and what they forbid."""

from __future__ import annotations

import json
from typing import Any

import pytest
import stripe

from tests.stripe.double import Double, payment
from tests.stripe.receiver import receiving
from toolkit.local.stripe.call import PLATFORM
from toolkit.local.stripe.resources.disputes import FEE


def captured(client: stripe.StripeClient, order_id: str, card: str, currency: str = "nok") -> str:
    """The charge. Each test has a currency of its own: all share the platform's balances."""
    intent = client.v1.payment_intents.create(payment(order_id, card, currency=currency))
    return str(client.v1.payment_intents.capture(intent.id).latest_charge)


def dispute_of(client: stripe.StripeClient, charge: str) -> stripe.Dispute:
    [dispute] = client.v1.disputes.list({"charge": charge}).data
    return dispute


def evidence(client: stripe.StripeClient, dispute: stripe.Dispute, text: str) -> stripe.Dispute:
    return client.v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": text}})


@pytest.mark.parametrize(
    ("card", "reason"),
    [("pm_card_createDispute", "fraudulent"), ("pm_card_createDisputeProductNotReceived", "product_not_received")],
)
def test_a_card_that_disputes_takes_the_amount_and_the_fee_once_it_is_captured(
    double: Double, client: stripe.StripeClient, order_id: str, card: str, reason: str
) -> None:
    before = sum(double.balance_of(PLATFORM, "nok"))
    intent = client.v1.payment_intents.create(payment(order_id, card, currency="nok"))
    assert client.v1.disputes.list({"payment_intent": intent.id}).data == []
    charge = str(client.v1.payment_intents.capture(intent.id).latest_charge)
    dispute = dispute_of(client, charge)
    assert (dispute.status, dispute.reason, dispute.amount) == ("needs_response", reason, 5_000)
    [row] = dispute.balance_transactions
    assert (row.amount, row.fee, row.net, row.type) == (-5_000, FEE, -5_000 - FEE, "adjustment")
    assert row.reporting_category == "dispute"
    assert client.v1.charges.retrieve(charge).disputed
    assert sum(double.balance_of(PLATFORM, "nok")) == before - FEE


@pytest.mark.parametrize(("text", "back"), [("winning_evidence", 5_000), ("losing_evidence", 0)])
def test_the_bank_decides_on_the_evidence_and_a_win_gives_the_amount_back_later_without_the_fee(
    double: Double, client: stripe.StripeClient, order_id: str, text: str, back: int
) -> None:
    dispute = dispute_of(client, captured(client, order_id, "pm_card_createDispute", "sek"))
    available, pending = double.balance_of(PLATFORM, "sek")
    decided = evidence(client, dispute, text)
    assert decided.status == ("won" if back else "lost")
    assert double.balance_of(PLATFORM, "sek") == (available, pending + back)
    assert [row.reporting_category for row in decided.balance_transactions][1:] == ["dispute_reversal"] * bool(back)
    with pytest.raises(stripe.InvalidRequestError, match="already closed"):
        evidence(client, dispute, "losing_evidence")


def test_a_charge_that_was_charged_back_is_refunded_only_after_a_win(
    client: stripe.StripeClient, order_id: str
) -> None:
    charge = captured(client, order_id, "pm_card_createDispute")
    with pytest.raises(stripe.InvalidRequestError, match="has been charged back") as refused:
        client.v1.refunds.create({"charge": charge})
    assert refused.value.code == "charge_disputed"
    evidence(client, dispute_of(client, charge), "winning_evidence")
    assert client.v1.refunds.create({"charge": charge}).status == "succeeded"


def test_an_inquiry_takes_nothing_and_a_whole_refund_ends_it(
    double: Double, client: stripe.StripeClient, order_id: str
) -> None:
    charge = captured(client, order_id, "pm_card_createDisputeInquiry")
    dispute = dispute_of(client, charge)
    assert (dispute.status, dispute.balance_transactions) == ("warning_needs_response", [])
    client.v1.refunds.create({"charge": charge, "amount": 1_000})
    assert dispute_of(client, charge).status == "warning_needs_response"
    client.v1.refunds.create({"charge": charge})
    assert dispute_of(client, charge).status == "warning_closed"


def test_an_inquiry_that_escalates_takes_the_money_then(client: stripe.StripeClient, order_id: str) -> None:
    dispute = dispute_of(client, captured(client, order_id, "pm_card_createDisputeInquiry"))
    escalated = evidence(client, dispute, "escalate_inquiry_evidence")
    assert (escalated.status, escalated.is_charge_refundable) == ("needs_response", False)
    assert [row.amount for row in escalated.balance_transactions] == [-5_000]
    assert client.v1.disputes.close(dispute.id).status == "lost"


def test_a_bank_disputes_what_was_not_refunded_of_any_charge_and_may_change_its_mind(
    double: Double, client: stripe.StripeClient, order_id: str
) -> None:
    charge = captured(client, order_id, "pm_card_visa", "dkk")
    client.v1.refunds.create({"charge": charge, "amount": 2_000})
    dispute = double.post(f"/_double/charges/{charge}/dispute")
    assert dispute["amount"] == 3_000
    for outcome, total in (("lost", -FEE), ("won", 3_000 - FEE)):
        assert double.post(f"/_double/disputes/{dispute['id']}/decide?outcome={outcome}")["status"] == outcome
        assert sum(double.balance_of(PLATFORM, "dkk")) == total


def test_every_step_of_a_dispute_is_told_with_the_movements_so_far(client: stripe.StripeClient, order_id: str) -> None:
    kinds = ("created", "funds_withdrawn", "updated", "closed", "funds_reinstated")
    with receiving() as receiver:
        wanted: Any = [f"charge.dispute.{kind}" for kind in kinds]
        endpoint = client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": wanted})
        evidence(client, dispute_of(client, captured(client, order_id, "pm_card_createDispute")), "winning_evidence")
        deliveries = receiver.wait_for(len(kinds))
        client.v1.webhook_endpoints.delete(endpoint.id)
    told = {event["type"]: event["data"]["object"] for event in (json.loads(one.payload) for one in deliveries)}
    assert {kind: (one["status"], len(one["balance_transactions"])) for kind, one in told.items()} == {
        "charge.dispute.created": ("needs_response", 0),
        "charge.dispute.funds_withdrawn": ("needs_response", 1),
        "charge.dispute.updated": ("under_review", 1),
        "charge.dispute.closed": ("won", 1),
        "charge.dispute.funds_reinstated": ("won", 2),
    }


def test_evidence_of_an_unknown_kind_is_refused_and_a_draft_is_not_judged(
    client: stripe.StripeClient, order_id: str
) -> None:
    dispute = dispute_of(client, captured(client, order_id, "pm_card_createDispute"))
    unknown: Any = {"evidence": {"a_song": "la"}}
    with pytest.raises(stripe.InvalidRequestError, match="unknown parameter") as refused:
        client.v1.disputes.update(dispute.id, unknown)
    assert refused.value.param == "evidence[a_song]"
    draft: Any = {"evidence": {"uncategorized_text": "winning_evidence"}, "submit": False}
    assert client.v1.disputes.update(dispute.id, draft).status == "needs_response"
