"""Payouts: an account's available money sent to its bank, where no reversal can reach it."""

from __future__ import annotations

from pydantic import Field

from toolkit.local.stripe import funds
from toolkit.local.stripe.call import Call
from toolkit.local.stripe.endpoint import Endpoint
from toolkit.local.stripe.identifiers import fresh, random_text
from toolkit.local.stripe.listing import page
from toolkit.local.stripe.parameters import Amount, Currency, Listing, Metadata, NoParameters, Parameters
from toolkit.local.stripe.refusal import Refusal
from toolkit.local.stripe.storage import Json


class CreateParameters(Parameters):
    sdk_name = "PayoutCreateParams"

    amount: Amount
    currency: Currency
    description: str | None = None
    metadata: Metadata = Field(default_factory=dict)
    statement_descriptor: str | None = None


def create(call: Call, parameters: CreateParameters) -> Json:
    currency = parameters.currency.lower()
    available, _ = funds.balances(call, call.account).get(currency, (0, 0))
    if available < parameters.amount:
        raise Refusal(
            "You have insufficient funds in your Stripe account for this transfer.", code="balance_insufficient"
        )
    identifier = fresh("payout")
    transaction = funds.post(
        call,
        account=call.account,
        kind="payout",
        amount=-parameters.amount,
        currency=currency,
        source=identifier,
    )
    payout = call.add(
        "payout",
        {
            "id": identifier,
            "object": "payout",
            "amount": parameters.amount,
            "application_fee": None,
            "application_fee_amount": None,
            "arrival_date": call.now(),
            "automatic": False,
            "balance_transaction": transaction["id"],
            "created": call.now(),
            "currency": currency,
            "description": parameters.description,
            "destination": f"ba_{random_text(24)}",
            "failure_balance_transaction": None,
            "failure_code": None,
            "failure_message": None,
            "livemode": False,
            "metadata": parameters.metadata,
            "method": "standard",
            "original_payout": None,
            "payout_method": None,
            "reconciliation_status": "not_applicable",
            "reversed_by": None,
            "source_type": "card",
            "statement_descriptor": parameters.statement_descriptor,
            "status": "paid",
            "trace_id": None,
            "type": "bank_account",
        },
    )
    call.emit("payout.paid", payout)
    return payout


def retrieve(call: Call, parameters: NoParameters) -> Json:
    return call.find("payout", call.path["id"], param="payout")


def list_all(call: Call, parameters: Listing) -> Json:
    return page(call, "payout", parameters, url="/v1/payouts", equals={})


ENDPOINTS = (
    Endpoint(method="POST", path="/v1/payouts", parameters=CreateParameters, handle=create),
    Endpoint(method="GET", path="/v1/payouts", parameters=Listing, handle=list_all),
    Endpoint(method="GET", path="/v1/payouts/{id}", parameters=NoParameters, handle=retrieve),
)
