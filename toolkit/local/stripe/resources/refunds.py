"""Refunds: money given back to the buyer, from the platform's balance."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from toolkit.local.stripe import currencies, funds
from toolkit.local.stripe.call import Call
from toolkit.local.stripe.endpoint import Endpoint
from toolkit.local.stripe.identifiers import fresh
from toolkit.local.stripe.listing import page
from toolkit.local.stripe.parameters import Amount, Listing, Metadata, NoParameters, Parameters, Text, merge_metadata
from toolkit.local.stripe.refusal import Refusal
from toolkit.local.stripe.resources import disputes
from toolkit.local.stripe.storage import Json


class CreateParameters(Parameters):
    sdk_name = "RefundCreateParams"

    payment_intent: Text | None = None
    charge: Text | None = None
    amount: Amount | None = None
    metadata: Metadata = Field(default_factory=dict)
    reason: Literal["duplicate", "fraudulent", "requested_by_customer"] | None = None


class ListParameters(Listing):
    sdk_name = "RefundListParams"

    charge: str | None = None
    payment_intent: str | None = None


class UpdateParameters(Parameters):
    sdk_name = "RefundUpdateParams"

    metadata: Metadata | None = None


def create(call: Call, parameters: CreateParameters) -> Json:
    charge = _charge(call, parameters)
    if disputes.refusing_refunds(call, charge) is not None:
        raise Refusal(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.",
            code="charge_disputed",
        )
    left = charge["amount"] - charge["amount_refunded"]
    if left == 0:
        raise Refusal(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    amount = left if parameters.amount is None else parameters.amount
    currencies.check_step(amount, charge["currency"])
    if amount > left:
        raise Refusal(f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})", param="amount")
    identifier = fresh("refund")
    # Stripe takes a refund from the platform, whose balance may become negative; transfers are reversed separately.
    due = charge["_available_on"]
    transaction = funds.post(
        call,
        account=call.account,
        kind="refund",
        amount=-amount,
        currency=charge["currency"],
        source=identifier,
        available_on=due if due > call.now() else None,
    )
    refund = call.add(
        "refund",
        {
            "id": identifier,
            "object": "refund",
            "amount": amount,
            "balance_transaction": transaction["id"],
            "charge": charge["id"],
            "created": call.now(),
            "currency": charge["currency"],
            "customer": None,
            "customer_account": None,
            "destination_details": {"card": {"type": "refund"}, "type": "card"},
            "metadata": parameters.metadata,
            "payment_intent": charge["payment_intent"],
            "payment_method": charge["payment_method"],
            "reason": parameters.reason,
            "receipt_number": None,
            "source_transfer_reversal": None,
            "status": "succeeded",
            "transfer_reversal": None,
        },
    )
    before = charge["amount_refunded"]
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    call.save(charge)
    call.emit("refund.created", refund)
    call.emit("charge.refunded", charge, previous={"amount_refunded": before})
    disputes.refunded(call, charge)
    return refund


def retrieve(call: Call, parameters: NoParameters) -> Json:
    return call.find("refund", call.path["id"], param="refund")


def list_all(call: Call, parameters: ListParameters) -> Json:
    equals = {"charge": parameters.charge, "payment_intent": parameters.payment_intent}
    return page(call, "refund", parameters, url="/v1/refunds", equals=equals)


def update(call: Call, parameters: UpdateParameters) -> Json:
    refund = call.find("refund", call.path["id"], param="refund")
    if parameters.metadata is not None:
        refund["metadata"] = merge_metadata(refund["metadata"], parameters.metadata)
    call.save(refund)
    call.emit("refund.updated", refund)
    return refund


def _charge(call: Call, parameters: CreateParameters) -> Json:
    if parameters.charge is None and parameters.payment_intent is None:
        raise Refusal("One of the following params should be provided for this request: payment_intent or charge.")
    if parameters.charge is not None and parameters.payment_intent is not None:
        raise Refusal("You may only specify one of these parameters: payment_intent, charge.")
    if parameters.charge is not None:
        charge = call.find("charge", parameters.charge, param="charge")
        what = f"Charge {charge['id']}"
    else:
        intent = call.find("payment_intent", parameters.payment_intent or "", param="payment_intent")
        what = f"This PaymentIntent ({intent['id']})"
        if intent["latest_charge"] is None:
            raise Refusal(f"{what} does not have a successful charge to refund.")
        charge = call.find("charge", intent["latest_charge"])
    if not charge["captured"]:
        raise Refusal(f"{what} does not have a successful charge to refund.")
    return charge


ENDPOINTS = (
    Endpoint(method="POST", path="/v1/refunds", parameters=CreateParameters, handle=create),
    Endpoint(method="GET", path="/v1/refunds", parameters=ListParameters, handle=list_all),
    Endpoint(method="GET", path="/v1/refunds/{id}", parameters=NoParameters, handle=retrieve),
    Endpoint(method="POST", path="/v1/refunds/{id}", parameters=UpdateParameters, handle=update),
)
