"""Transfers: a seller's share sent from the platform to a connected account."""

from __future__ import annotations

from pydantic import Field

from toolkit.local.stripe import funds
from toolkit.local.stripe.call import PLATFORM, Call
from toolkit.local.stripe.endpoint import Endpoint
from toolkit.local.stripe.identifiers import fresh
from toolkit.local.stripe.listing import page
from toolkit.local.stripe.parameters import (
    Amount,
    Currency,
    Listing,
    Metadata,
    NoParameters,
    Parameters,
    Text,
    merge_metadata,
)
from toolkit.local.stripe.refusal import Refusal, missing
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


def retrieve(call: Call, parameters: NoParameters) -> Json:
    return call.find("transfer", call.path["id"], param="transfer")


def list_all(call: Call, parameters: ListParameters) -> Json:
    equals = {"destination": parameters.destination, "transfer_group": parameters.transfer_group}
    return page(call, "transfer", parameters, url="/v1/transfers", equals=equals)


def update(call: Call, parameters: UpdateParameters) -> Json:
    transfer = call.find("transfer", call.path["id"], param="transfer")
    if "description" in parameters.model_fields_set:
        transfer["description"] = parameters.description
    if parameters.metadata is not None:
        transfer["metadata"] = merge_metadata(transfer["metadata"], parameters.metadata)
    call.save(transfer)
    call.emit("transfer.updated", transfer)
    return transfer


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


ENDPOINTS = (
    Endpoint(method="POST", path="/v1/transfers", parameters=CreateParameters, handle=create),
    Endpoint(method="GET", path="/v1/transfers", parameters=ListParameters, handle=list_all),
    Endpoint(method="GET", path="/v1/transfers/{id}", parameters=NoParameters, handle=retrieve),
    Endpoint(method="POST", path="/v1/transfers/{id}", parameters=UpdateParameters, handle=update),
)
