"""Transfers from the platform to a connected account, and their reversals."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from toolkit.local.stripe import funds
from toolkit.local.stripe.call import PLATFORM, Call
from toolkit.local.stripe.endpoint import Endpoint
from toolkit.local.stripe.identifiers import fresh
from toolkit.local.stripe.listing import page
from toolkit.local.stripe.parameters import Amount, Anything, Currency, Flag, Listing, Metadata, Parameters, Text
from toolkit.local.stripe.refusal import Refusal, missing
from toolkit.local.stripe.resources.charges import merged
from toolkit.local.stripe.storage import Json


class CreateParameters(Parameters):
    sdk_name = "TransferCreateParams"

    amount: Amount
    currency: Currency
    destination: Text
    description: str | None = None
    metadata: Metadata = Field(default_factory=dict)
    source_transaction: Text | None = None
    transfer_group: Text | None = None


class ListParameters(Listing):
    sdk_name = "TransferListParams"

    destination: str | None = None
    transfer_group: str | None = None


class UpdateParameters(Parameters):
    sdk_name = "TransferUpdateParams"

    description: str | None = None
    metadata: Metadata | None = None


class ReverseParameters(Parameters):
    sdk_name = "TransferReversalCreateParams"

    amount: Amount | None = None
    description: str | None = None
    metadata: Metadata = Field(default_factory=dict)
    refund_application_fee: Flag = False


def create(call: Call, parameters: CreateParameters) -> Json:
    currency = parameters.currency.lower()
    destination = call.store.find(parameters.destination, account=PLATFORM, kind="account")
    if destination is None:
        raise missing("destination", parameters.destination, param="destination", status=400)
    if destination["capabilities"].get("transfers") != "active":
        raise Refusal(
            "Your destination account needs to have at least one of the following capabilities enabled: transfers, "
            "crypto_transfers, legacy_payments",
            code="insufficient_capabilities_for_transfer",
        )
    source, available_on = _fund(call, parameters, currency)
    identifier = fresh("transfer")
    transaction = funds.post(
        call,
        account=call.account,
        kind="transfer",
        amount=-parameters.amount,
        currency=currency,
        source=identifier,
        available_on=available_on,
    )
    group = parameters.transfer_group
    if group is None and source is not None:
        group = source["transfer_group"] or f"group_{source['payment_intent']}"
    payment = _destination_payment(call, parameters, currency, identifier, available_on)
    transfer = call.add(
        "transfer",
        {
            "id": identifier,
            "object": "transfer",
            "amount": parameters.amount,
            "amount_reversed": 0,
            "balance_transaction": transaction["id"],
            "created": call.now(),
            "currency": currency,
            "description": parameters.description,
            "destination": destination["id"],
            "destination_payment": payment["id"],
            "livemode": False,
            "metadata": parameters.metadata,
            "reversals": {
                "object": "list",
                "data": [],
                "has_more": False,
                "total_count": 0,
                "url": f"/v1/transfers/{identifier}/reversals",
            },
            "reversed": False,
            "source_transaction": source["id"] if source is not None else None,
            "source_type": "card",
            "transfer_group": group,
            "_available_on": available_on,
        },
    )
    call.emit("transfer.created", transfer)
    return transfer


def retrieve(call: Call, parameters: Anything) -> Json:
    return call.find("transfer", call.path["id"], param="transfer")


def list_all(call: Call, parameters: ListParameters) -> Json:
    equals = {"destination": parameters.destination, "transfer_group": parameters.transfer_group}
    return page(call, "transfer", parameters, url="/v1/transfers", equals=equals)


def update(call: Call, parameters: UpdateParameters) -> Json:
    transfer = call.find("transfer", call.path["id"], param="transfer")
    if "description" in parameters.model_fields_set:
        transfer["description"] = parameters.description
    if parameters.metadata is not None:
        transfer["metadata"] = merged(transfer["metadata"], parameters.metadata)
    call.save(transfer)
    call.emit("transfer.updated", transfer)
    return transfer


def reverse(call: Call, parameters: ReverseParameters) -> Json:
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


def retrieve_reversal(call: Call, parameters: Anything) -> Json:
    reversal = call.find("transfer_reversal", call.path["reversal"], param="reversal")
    if reversal["transfer"] != call.path["id"]:
        raise missing("transfer_reversal", reversal["id"], param="reversal")
    return reversal


def list_reversals(call: Call, parameters: Listing) -> Json:
    transfer = call.find("transfer", call.path["id"], param="transfer")
    url = f"/v1/transfers/{transfer['id']}/reversals"
    return page(call, "transfer_reversal", parameters, url=url, equals={"transfer": transfer["id"]})


def _fund(call: Call, parameters: CreateParameters, currency: str) -> tuple[Json | None, int | None]:
    """Where the money comes from: a charge, whose money may still be pending, or the available balance."""
    if parameters.source_transaction is None:
        available, _ = funds.balances(call, call.account).get(currency, (0, 0))
        if available < parameters.amount:
            raise Refusal(
                "You have insufficient available funds in your Stripe account. Try adding funds directly to your "
                "available balance by creating Charges using the 4000000000000077 test card. See: "
                "https://stripe.com/docs/testing#available-balance",
                code="balance_insufficient",
            )
        return None, None
    charge = call.find("charge", parameters.source_transaction, what="charge", param="source_transaction", status=400)
    if not charge["captured"]:
        raise Refusal("The source_transaction has not been captured.", param="source_transaction")
    if charge["currency"] != currency:
        raise Refusal(
            f"The currency of source_transaction's balance transaction ({charge['currency']}) must be the same as the "
            f"transfer currency ({currency})",
            param="currency",
        )
    left = charge["amount_captured"] - charge["_transferred"]
    if parameters.amount > left:
        raise Refusal(
            f"The source_transaction has {left} left to transfer, less than {parameters.amount}.",
            code="balance_insufficient",
            param="amount",
        )
    charge["_transferred"] += parameters.amount
    call.save(charge)
    due: int = charge["_available_on"]
    return charge, due if due > call.now() else None


def _destination_payment(
    call: Call, parameters: CreateParameters, currency: str, transfer: str, available_on: int | None
) -> Json:
    identifier = fresh("payment")
    transaction = funds.post(
        call,
        account=parameters.destination,
        kind="payment",
        amount=parameters.amount,
        currency=currency,
        source=identifier,
        available_on=available_on,
    )
    payment: Json = {
        "id": identifier,
        "object": "charge",
        "amount": parameters.amount,
        "amount_captured": parameters.amount,
        "amount_refunded": 0,
        "balance_transaction": transaction["id"],
        "captured": True,
        "created": call.now(),
        "currency": currency,
        "description": parameters.description,
        "livemode": False,
        "metadata": {},
        "paid": True,
        "payment_intent": None,
        "refunded": False,
        "source_transfer": transfer,
        "status": "succeeded",
        "transfer_group": None,
    }
    return call.add("charge", payment, account=parameters.destination)


def _reversal(call: Call, transfer: Json, parameters: ReverseParameters, amount: int) -> Json:
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
    Endpoint(method="POST", path="/v1/transfers", parameters=CreateParameters, handle=create),
    Endpoint(method="GET", path="/v1/transfers", parameters=ListParameters, handle=list_all),
    Endpoint(method="GET", path="/v1/transfers/{id}", parameters=Anything, handle=retrieve),
    Endpoint(method="POST", path="/v1/transfers/{id}", parameters=UpdateParameters, handle=update),
    Endpoint(method="POST", path="/v1/transfers/{id}/reversals", parameters=ReverseParameters, handle=reverse),
    Endpoint(method="GET", path="/v1/transfers/{id}/reversals", parameters=Listing, handle=list_reversals),
    Endpoint(
        method="GET", path="/v1/transfers/{id}/reversals/{reversal}", parameters=Anything, handle=retrieve_reversal
    ),
)
