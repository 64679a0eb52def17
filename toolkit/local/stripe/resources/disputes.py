"""Disputes: a buyer's bank takes a charge back, asks for evidence, and decides.

A test card disputes its charge as soon as it is captured; Stripe takes about a second. The bank decides at once on the
evidence that Stripe's documentation names for its test mode, and otherwise when `/_double/disputes` says so.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from toolkit.local.stripe import funds
from toolkit.local.stripe.call import Call
from toolkit.local.stripe.cards import Card
from toolkit.local.stripe.endpoint import Endpoint
from toolkit.local.stripe.events import public
from toolkit.local.stripe.identifiers import fresh
from toolkit.local.stripe.listing import page
from toolkit.local.stripe.parameters import Flag, Listing, Metadata, NoParameters, Parameters, merge_metadata
from toolkit.local.stripe.refusal import Refusal
from toolkit.local.stripe.storage import Json

FEE = 1_500
"""Minor units of the charge's currency: what Stripe takes for each dispute in the US, won or lost."""
RESPONSE_SECONDS = 8 * 24 * 3600
REINSTATED_AFTER_SECONDS = 6 * 24 * 3600
OPEN = frozenset({"needs_response", "under_review", "warning_needs_response", "warning_under_review"})
_EVIDENCE = (
    "access_activity_log",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "customer_signature",
    "duplicate_charge_documentation",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "receipt",
    "refund_policy",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "service_documentation",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_documentation",
    "shipping_tracking_number",
    "uncategorized_file",
    "uncategorized_text",
)
_WINNING, _LOSING, _ESCALATING = "winning_evidence", "losing_evidence", "escalate_inquiry_evidence"
Outcome = Literal["won", "lost"]


def _named(value: object) -> object:
    unknown = set(value) - set(_EVIDENCE) if isinstance(value, dict) else set()
    if unknown:
        name = f"evidence[{min(unknown)}]"
        raise Refusal(f"Received unknown parameter: {name}", code="parameter_unknown", param=name, executed=False)
    return value


class UpdateParameters(Parameters):
    sdk_name = "DisputeUpdateParams"

    evidence: Annotated[dict[str, str], BeforeValidator(_named)] = Field(default_factory=dict)
    metadata: Metadata | None = None
    submit: Flag = True


class ListParameters(Listing):
    sdk_name = "DisputeListParams"

    charge: str | None = None
    payment_intent: str | None = None


def dispute_captured(call: Call, charge: Json, card: Card) -> None:
    """What the bank of a test card does with a charge that was just captured."""
    if card.dispute is not None:
        begin(call, charge, reason=card.dispute, inquiry=card.inquiry)


def begin(call: Call, charge: Json, *, reason: str, inquiry: bool = False) -> Json:
    """The bank disputes what is left of a captured charge, or only asks about it (an inquiry takes no money)."""
    amount = charge["amount_captured"] - (charge["amount_refunded"] - (charge["amount"] - charge["amount_captured"]))
    if not charge["captured"] or amount <= 0:
        raise Refusal(f"Charge {charge['id']} has nothing left to dispute.")
    dispute = call.add("dispute", _dispute(call, charge, amount, reason, inquiry=inquiry))
    charge["disputed"] = True
    call.save(charge)
    call.emit("charge.dispute.created", dispute)
    if not inquiry:
        _withdraw(call, dispute)
    return dispute


def decide(call: Call, dispute: Json, outcome: Outcome) -> Json:
    """The bank's decision. It may still turn one that was lost into one that is won."""
    if dispute["status"] not in OPEN and (dispute["status"], outcome) != ("lost", "won"):
        raise Refusal(f"Dispute {dispute['id']} is {dispute['status']}: the bank has decided.")
    if dispute["status"].startswith("warning"):
        return _close(call, dispute, "warning_closed")
    _close(call, dispute, outcome)
    if outcome == "won":
        transaction = funds.post(
            call,
            account=call.account,
            kind="adjustment",
            amount=dispute["amount"],
            currency=dispute["currency"],
            source=dispute["id"],
            available_on=call.now() + REINSTATED_AFTER_SECONDS,
            description=f"Chargeback reversal for {dispute['charge']}",
            reporting="dispute_reversal",
        )
        dispute["balance_transactions"].append(public(transaction))
        dispute["is_charge_refundable"] = True
        call.save(dispute)
        call.emit("charge.dispute.funds_reinstated", dispute)
    return dispute


def refusing_refunds(call: Call, charge: Json) -> Json | None:
    """A dispute that stands against refunds of the charge."""
    return next((one for one in _of_charge(call, charge) if not one["is_charge_refundable"]), None)


def refunded(call: Call, charge: Json) -> None:
    """A refund of the whole charge ends the inquiries about it."""
    for dispute in _of_charge(call, charge):
        if charge["refunded"] and dispute["status"].startswith("warning_") and dispute["status"] in OPEN:
            _close(call, dispute, "warning_closed")


def retrieve(call: Call, parameters: NoParameters) -> Json:
    return call.find("dispute", call.path["id"], param="dispute")


def list_all(call: Call, parameters: ListParameters) -> Json:
    equals = {"charge": parameters.charge, "payment_intent": parameters.payment_intent}
    return page(call, "dispute", parameters, url="/v1/disputes", equals=equals)


def update(call: Call, parameters: UpdateParameters) -> Json:
    """Keep the evidence, and with `submit` hand it to the bank."""
    dispute = call.find("dispute", call.path["id"], param="dispute")
    if parameters.metadata is not None:
        dispute["metadata"] = merge_metadata(dispute["metadata"], parameters.metadata)
    if not parameters.evidence:
        call.save(dispute)
        call.emit("charge.dispute.updated", dispute)
        return dispute
    if dispute["status"] not in OPEN:
        raise Refusal("This dispute is already closed", code="dispute_closed")
    dispute["evidence"] |= parameters.evidence
    dispute["evidence_details"]["has_evidence"] = True
    if parameters.submit:
        dispute["evidence_details"]["submission_count"] += 1
        inquiry = dispute["status"].startswith("warning")
        dispute["status"] = "warning_under_review" if inquiry else "under_review"
    call.save(dispute)
    call.emit("charge.dispute.updated", dispute)
    return _judge(call, dispute, dispute["evidence"]["uncategorized_text"]) if parameters.submit else dispute


def close(call: Call, parameters: NoParameters) -> Json:
    """Accept the dispute: it is lost, for good."""
    dispute = call.find("dispute", call.path["id"], param="dispute")
    if dispute["status"] not in OPEN:
        raise Refusal("This dispute is already closed", code="dispute_closed")
    return decide(call, dispute, "lost")


def _judge(call: Call, dispute: Json, text: str | None) -> Json:
    if text == _ESCALATING and dispute["status"].startswith("warning"):
        dispute["status"] = "needs_response"
        dispute["is_charge_refundable"] = False
        call.save(dispute)
        call.emit("charge.dispute.updated", dispute)
        return _withdraw(call, dispute)
    if text in (_WINNING, _LOSING):
        return decide(call, dispute, "won" if text == _WINNING else "lost")
    return dispute


def _withdraw(call: Call, dispute: Json) -> Json:
    transaction = funds.post(
        call,
        account=call.account,
        kind="adjustment",
        amount=-dispute["amount"],
        fee=FEE,
        currency=dispute["currency"],
        source=dispute["id"],
        description=f"Chargeback withdrawal for {dispute['charge']}",
        reporting="dispute",
        fee_description="Dispute fee",
    )
    dispute["balance_transactions"].append(public(transaction))
    call.save(dispute)
    call.emit("charge.dispute.funds_withdrawn", dispute)
    return dispute


def _close(call: Call, dispute: Json, status: str) -> Json:
    dispute["status"] = status
    call.save(dispute)
    call.emit("charge.dispute.closed", dispute)
    return dispute


def _of_charge(call: Call, charge: Json) -> list[Json]:
    return call.store.page(
        account=call.account,
        kind="dispute",
        equals={"charge": charge["id"]},
        created={},
        below=None,
        above=None,
        limit=100,
    )


def _dispute(call: Call, charge: Json, amount: int, reason: str, *, inquiry: bool) -> Json:
    card = charge["payment_method_details"]["card"]
    return {
        "id": fresh("dispute"),
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": call.now(),
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": dict.fromkeys(_EVIDENCE) | {"enhanced_evidence": {}},
        "evidence_details": {
            "due_by": call.now() + RESPONSE_SECONDS,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": inquiry,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {
            "card": {
                "brand": card["brand"],
                "case_type": "inquiry" if inquiry else "chargeback",
                "network_reason_code": "10.4" if reason == "fraudulent" else "13.1",
            },
            "type": "card",
        },
        "reason": reason,
        "status": "warning_needs_response" if inquiry else "needs_response",
    }


ENDPOINTS = (
    Endpoint(method="GET", path="/v1/disputes", parameters=ListParameters, handle=list_all),
    Endpoint(method="GET", path="/v1/disputes/{id}", parameters=NoParameters, handle=retrieve),
    Endpoint(method="POST", path="/v1/disputes/{id}", parameters=UpdateParameters, handle=update),
    Endpoint(method="POST", path="/v1/disputes/{id}/close", parameters=NoParameters, handle=close),
)
