"""Reversals: a transfer, or part of it, taken back from the connected account."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from toolkit.local.stripe import funds
from toolkit.local.stripe.call import Call
from toolkit.local.stripe.endpoint import Endpoint
from toolkit.local.stripe.identifiers import fresh
from toolkit.local.stripe.listing import page
from toolkit.local.stripe.parameters import Amount, Flag, Listing, Metadata, NoParameters, Parameters
from toolkit.local.stripe.refusal import Refusal, missing
from toolkit.local.stripe.storage import Json


class CreateParameters(Parameters):
    sdk_name = "TransferReversalCreateParams"

    amount: Amount | None = None
    description: str | None = None
    metadata: Metadata = Field(default_factory=dict)
    refund_application_fee: Flag = False


def create(call: Call, parameters: CreateParameters) -> Json:
    transfer = call.find("transfer", call.path["id"], param="transfer")
    left = transfer["amount"] - transfer["amount_reversed"]
    amount = left if parameters.amount is None else parameters.amount
    if left == 0:
        raise Refusal(f"Transfer {transfer['id']} is already fully reversed.")
    if amount > left:
        raise Refusal(
            f"The reversal amount {amount} is greater than the unreversed amount {left} of the transfer.",
            param="amount",
        )
    available, pending = funds.balances(call, transfer["destination"]).get(transfer["currency"], (0, 0))
    if available + pending < amount:
        raise Refusal(
            "The connected account does not have sufficient funds to reverse this transfer.",
            code="balance_insufficient",
        )
    reversal = call.add("transfer_reversal", _reversal(call, transfer, parameters, amount))
    before = transfer["amount_reversed"]
    transfer["amount_reversed"] += amount
    transfer["reversed"] = transfer["amount_reversed"] == transfer["amount"]
    shown = transfer["reversals"]
    shown["data"] = [reversal, *shown["data"]][:10]
    shown["total_count"] += 1
    shown["has_more"] = shown["total_count"] > len(shown["data"])
    call.save(transfer)
    if transfer["source_transaction"] is not None:
        charge = call.find("charge", transfer["source_transaction"])
        charge["_transferred"] -= amount
        call.save(charge)
    call.emit("transfer.reversed", transfer, previous={"amount_reversed": before})
    return reversal


def retrieve(call: Call, parameters: NoParameters) -> Json:
    reversal = call.find("transfer_reversal", call.path["reversal"], param="reversal")
    if reversal["transfer"] != call.path["id"]:
        raise missing("transfer_reversal", reversal["id"], param="reversal")
    return reversal


def list_all(call: Call, parameters: Listing) -> Json:
    transfer = call.find("transfer", call.path["id"], param="transfer")
    url = f"/v1/transfers/{transfer['id']}/reversals"
    return page(call, "transfer_reversal", parameters, url=url, equals={"transfer": transfer["id"]})


def _reversal(call: Call, transfer: Json, parameters: CreateParameters, amount: int) -> Json:
    identifier = fresh("transfer_reversal")
    due = transfer["_available_on"]
    moved: dict[str, Any] = {"currency": transfer["currency"], "available_on": due, "source": identifier}
    transaction = funds.post(call, account=call.account, kind="transfer_refund", amount=amount, **moved)
    funds.post(call, account=transfer["destination"], kind="payment_refund", amount=-amount, **moved)
    return {
        "id": identifier,
        "object": "transfer_reversal",
        "amount": amount,
        "balance_transaction": transaction["id"],
        "created": call.now(),
        "currency": transfer["currency"],
        "destination_payment_refund": None,
        "metadata": parameters.metadata,
        "source_refund": None,
        "transfer": transfer["id"],
    }


ENDPOINTS = (
    Endpoint(method="POST", path="/v1/transfers/{id}/reversals", parameters=CreateParameters, handle=create),
    Endpoint(method="GET", path="/v1/transfers/{id}/reversals", parameters=Listing, handle=list_all),
    Endpoint(method="GET", path="/v1/transfers/{id}/reversals/{reversal}", parameters=NoParameters, handle=retrieve),
)
