"""Balances and the transactions that made them."""

from __future__ import annotations

from toolkit.local.stripe import funds
from toolkit.local.stripe.call import PLATFORM, Call
from toolkit.local.stripe.endpoint import Endpoint
from toolkit.local.stripe.listing import page
from toolkit.local.stripe.parameters import Listing, NoParameters
from toolkit.local.stripe.storage import Json


class ListParameters(Listing):
    sdk_name = "BalanceTransactionListParams"

    currency: str | None = None
    source: str | None = None
    type: str | None = None


def retrieve(call: Call, parameters: NoParameters) -> Json:
    totals = funds.balances(call, call.account) or {"usd": (0, 0)}
    balance: Json = {
        "object": "balance",
        "available": [_amount(currency, available) for currency, (available, _) in sorted(totals.items())],
        "livemode": False,
        "pending": [_amount(currency, pending) for currency, (_, pending) in sorted(totals.items())],
    }
    if call.account == PLATFORM:
        balance["connect_reserved"] = [{"amount": 0, "currency": currency} for currency in sorted(totals)]
    return balance


def retrieve_transaction(call: Call, parameters: NoParameters) -> Json:
    return _as_of_now(call, call.find("balance_transaction", call.path["id"]))


def list_transactions(call: Call, parameters: ListParameters) -> Json:
    equals = {"currency": parameters.currency, "source": parameters.source, "type": parameters.type}
    found = page(call, "balance_transaction", parameters, url="/v1/balance_transactions", equals=equals)
    found["data"] = [_as_of_now(call, transaction) for transaction in found["data"]]
    return found


def _amount(currency: str, amount: int) -> Json:
    return {"amount": amount, "currency": currency, "source_types": {"card": amount}}


def _as_of_now(call: Call, transaction: Json) -> Json:
    if transaction["available_on"] <= call.now():
        transaction["status"] = "available"
    return transaction


ENDPOINTS = (
    Endpoint(method="GET", path="/v1/balance", parameters=NoParameters, handle=retrieve),
    Endpoint(method="GET", path="/v1/balance_transactions", parameters=ListParameters, handle=list_transactions),
    Endpoint(method="GET", path="/v1/balance_transactions/{id}", parameters=NoParameters, handle=retrieve_transaction),
)
