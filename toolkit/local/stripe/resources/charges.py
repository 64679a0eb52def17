"""Charges: what confirming a payment intent creates, whether it succeeds or fails."""

from __future__ import annotations

from toolkit.local.stripe import funds
from toolkit.local.stripe.call import Call
from toolkit.local.stripe.cards import Card, Decline
from toolkit.local.stripe.endpoint import Endpoint
from toolkit.local.stripe.identifiers import fresh, random_text
from toolkit.local.stripe.listing import page
from toolkit.local.stripe.parameters import Listing, Metadata, NoParameters, Parameters, merge_metadata
from toolkit.local.stripe.storage import Json

AUTHORIZATION_SECONDS = 7 * 24 * 3600


class ListParameters(Listing):
    sdk_name = "ChargeListParams"

    payment_intent: str | None = None
    transfer_group: str | None = None


class UpdateParameters(Parameters):
    sdk_name = "ChargeUpdateParams"

    description: str | None = None
    metadata: Metadata | None = None
    transfer_group: str | None = None


def attempt(call: Call, intent: Json, payment_method: Json, card: Card, *, decline: Decline | None) -> Json:
    """A charge for the intent's whole amount: authorized, or failed by `decline`. Money does not move yet."""
    charge = call.add("charge", _charge(call, intent, payment_method, decline))
    charge["_settles_at_once"] = card.settles_at_once
    call.save(charge)
    call.emit("charge.failed" if decline else "charge.succeeded", charge)
    return charge


def capture(call: Call, charge: Json, amount: int) -> Json:
    """Capture `amount` of an authorized charge and release the rest; the money is pending until it settles."""
    now = call.now()
    at_once = charge["_settles_at_once"]
    transaction = funds.post(
        call,
        account=call.account,
        kind="charge",
        amount=amount,
        fee=funds.fee_of(call, amount),
        currency=charge["currency"],
        source=charge["id"],
        available_on=now if at_once else now + call.settings.settlement_seconds,
        description=charge["description"],
    )
    charge.update(
        captured=True,
        amount_captured=amount,
        amount_refunded=charge["amount"] - amount,
        balance_transaction=transaction["id"],
        _available_on=transaction["available_on"],
    )
    return call.save(charge)


def release(call: Call, charge: Json) -> Json:
    """Release an authorization without capturing anything."""
    charge.update(amount_refunded=charge["amount"], refunded=True)
    call.save(charge)
    call.emit("charge.refunded", charge)
    return charge


def retrieve(call: Call, parameters: NoParameters) -> Json:
    return call.find("charge", call.path["id"])


def update(call: Call, parameters: UpdateParameters) -> Json:
    charge = call.find("charge", call.path["id"])
    for field in parameters.model_fields_set & {"description", "transfer_group"}:
        charge[field] = getattr(parameters, field)
    if parameters.metadata is not None:
        charge["metadata"] = merge_metadata(charge["metadata"], parameters.metadata)
    call.save(charge)
    call.emit("charge.updated", charge)
    return charge


def list_all(call: Call, parameters: ListParameters) -> Json:
    equals = {"payment_intent": parameters.payment_intent, "transfer_group": parameters.transfer_group}
    return page(call, "charge", parameters, url="/v1/charges", equals=equals)


def _charge(call: Call, intent: Json, payment_method: Json, decline: Decline | None) -> Json:
    now = call.now()
    card = payment_method["card"]
    return {
        "id": fresh("charge"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": payment_method["billing_details"],
        "calculated_statement_descriptor": "MARKETPLACE",
        "captured": False,
        "created": now,
        "currency": intent["currency"],
        "customer": None,
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": decline.code if decline else None,
        "failure_message": decline.message if decline else None,
        "fraud_details": {},
        "livemode": False,
        "metadata": intent["metadata"],
        "on_behalf_of": None,
        "outcome": _outcome(decline),
        "paid": decline is None,
        "payment_intent": intent["id"],
        "payment_method": payment_method["id"],
        "payment_method_details": {
            "card": {
                "amount_authorized": None if decline else intent["amount"],
                "authorization_code": None if decline else random_text(6).upper(),
                "brand": card["brand"],
                "capture_before": now + AUTHORIZATION_SECONDS,
                "checks": card["checks"],
                "country": card["country"],
                "exp_month": card["exp_month"],
                "exp_year": card["exp_year"],
                "fingerprint": card["fingerprint"],
                "funding": card["funding"],
                "last4": card["last4"],
                "network": card["brand"],
                "three_d_secure": None,
                "wallet": None,
            },
            "type": "card",
        },
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": intent["shipping"],
        "source_transfer": None,
        "statement_descriptor": intent["statement_descriptor"],
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "status": "failed" if decline else "succeeded",
        "transfer_data": None,
        "transfer_group": intent["transfer_group"],
        "_transferred": 0,
    }


def _outcome(decline: Decline | None) -> Json:
    outcome: Json = {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": "approved_by_network",
        "reason": None,
        "risk_level": "normal",
        "risk_score": 20,
        "seller_message": "Payment complete.",
        "type": "authorized",
    }
    if decline is not None:
        blocked = decline.outcome == "blocked"
        outcome.update(
            network_status="not_sent_to_network" if blocked else "declined_by_network",
            reason="highest_risk_level" if blocked else decline.decline_code,
            risk_level="highest" if blocked else "normal",
            seller_message="The bank did not return any further details with this decline.",
            type=decline.outcome,
        )
    return outcome


ENDPOINTS = (
    Endpoint(method="GET", path="/v1/charges", parameters=ListParameters, handle=list_all),
    Endpoint(method="GET", path="/v1/charges/{id}", parameters=NoParameters, handle=retrieve),
    Endpoint(method="POST", path="/v1/charges/{id}", parameters=UpdateParameters, handle=update),
)
