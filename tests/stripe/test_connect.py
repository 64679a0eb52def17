"""Sellers on the double: accounts, transfers, reversals, balances."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import stripe

from tests.stripe.double import ALL_CAPABILITIES, Double, payment


def captured_charge(
    client: stripe.StripeClient, order_id: str, amount: int = 5_000, card: str = "pm_card_visa", currency: str = "usd"
) -> str:
    intent = client.v1.payment_intents.create(payment(order_id, card, amount, currency=currency))
    return str(client.v1.payment_intents.capture(intent.id).latest_charge)


def share(seller: str, order_id: str, amount: int, charge: str | None = None, currency: str = "usd") -> Any:
    parameters = {"amount": amount, "currency": currency, "destination": seller, "transfer_group": order_id}
    return parameters if charge is None else parameters | {"source_transaction": charge}


def test_a_seller_is_paid_only_after_the_onboarding(double: Double, client: stripe.StripeClient, order_id: str) -> None:
    account = client.v1.accounts.create(
        {
            "country": "US",
            "email": "seller@example.com",
            "controller": {
                "fees": {"payer": "application"},
                "losses": {"payments": "application"},
                "stripe_dashboard": {"type": "express"},
            },
            "capabilities": ALL_CAPABILITIES,
        }
    )
    assert account.type == "express"
    assert account.capabilities is not None
    assert account.capabilities.transfers == "inactive"
    assert account.requirements is not None
    assert "external_account" in (account.requirements.currently_due or [])
    charge = captured_charge(client, order_id)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.transfers.create(share(account.id, order_id, 1_000, charge))
    assert refused.value.code == "insufficient_capabilities_for_transfer"

    link = client.v1.account_links.create(
        {
            "account": account.id,
            "type": "account_onboarding",
            "refresh_url": "http://127.0.0.1/refresh",
            "return_url": "http://127.0.0.1/return",
        }
    )
    assert httpx.get(link.url).headers["location"] == "http://127.0.0.1/return"
    assert httpx.get(link.url).headers["location"] == "http://127.0.0.1/refresh"
    onboarded = client.v1.accounts.retrieve(account.id)
    assert (onboarded.details_submitted, onboarded.payouts_enabled) == (True, True)
    assert client.v1.accounts.capabilities.retrieve(account.id, "transfers").status == "active"
    assert client.v1.transfers.create(share(account.id, order_id, 1_000, charge)).amount == 1_000


def test_two_sellers_share_one_charge_and_no_more_than_it(
    double: Double, client: stripe.StripeClient, order_id: str
) -> None:
    charge = captured_charge(client, order_id)
    first, second = double.onboarded_account(), double.onboarded_account()
    for seller, amount in ((first, 2_700), (second, 1_800)):
        transfer = client.v1.transfers.create(share(seller, order_id, amount, charge))
        assert (transfer.destination, transfer.source_transaction) == (seller, charge)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.transfers.create(share(first, order_id, 501, charge))
    assert refused.value.code == "balance_insufficient"
    listed = client.v1.transfers.list({"transfer_group": order_id})
    assert [(one.destination, one.amount) for one in listed.data] == [(second, 1_800), (first, 2_700)]
    # The charge has not settled yet, and neither has what came from it.
    assert double.balance_of(first) == (0, 2_700)
    assert double.balance_of(second) == (0, 1_800)


def test_without_a_source_a_transfer_needs_available_money(
    double: Double, client: stripe.StripeClient, seller: str, order_id: str
) -> None:
    # A currency that no other test uses: the platform's balance in it is empty.
    captured_charge(client, order_id, currency="chf")
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.transfers.create(share(seller, order_id, 1_000, currency="chf"))
    assert refused.value.code == "balance_insufficient"
    captured_charge(client, order_id, card="pm_card_bypassPending", currency="chf")
    client.v1.transfers.create(share(seller, order_id, 1_000, currency="chf"))
    assert double.balance_of(seller, "chf") == (1_000, 0)
    balance = client.v1.balance.retrieve()
    assert [one.amount for one in balance.available if one.currency == "chf"] == [4_000]
    assert [one.amount for one in balance.pending if one.currency == "chf"] == [5_000]


def test_captured_money_settles_after_the_configured_time(own_double: Any, order_id: str) -> None:
    double = own_double("--settlement-seconds", "0", "--fee-basis-points", "290", "--fee-fixed", "30")
    captured_charge(double.client(), order_id, 10_000)
    balance = double.client().v1.balance.retrieve()
    assert (balance.available[0].amount, balance.pending[0].amount) == (10_000 - 320, 0)


def test_a_transfer_is_reversed_in_parts_and_never_twice(
    double: Double, client: stripe.StripeClient, seller: str, order_id: str
) -> None:
    charge = captured_charge(client, order_id)
    transfer = client.v1.transfers.create(share(seller, order_id, 2_000, charge))
    first = client.v1.transfers.reversals.create(transfer.id, {"amount": 500, "metadata": {"refund_id": "r1"}})
    assert (first.amount, first.transfer) == (500, transfer.id)
    with pytest.raises(stripe.InvalidRequestError, match="greater than the unreversed"):
        client.v1.transfers.reversals.create(transfer.id, {"amount": 1_501})
    client.v1.transfers.reversals.create(transfer.id)
    after = client.v1.transfers.retrieve(transfer.id)
    assert (after.amount_reversed, after.reversed, len(after.reversals.data)) == (2_000, True, 2)
    assert double.balance_of(seller) == (0, 0)
    with pytest.raises(stripe.InvalidRequestError, match="already fully reversed"):
        client.v1.transfers.reversals.create(transfer.id, {"amount": 1})
    assert client.v1.transfers.reversals.retrieve(transfer.id, first.id).amount == 500
    assert [one.amount for one in client.v1.transfers.reversals.list(transfer.id).data] == [1_500, 500]


def test_money_that_was_paid_out_cannot_be_reversed(
    double: Double, client: stripe.StripeClient, seller: str, order_id: str
) -> None:
    charge = captured_charge(client, order_id, card="pm_card_bypassPending")
    transfer = client.v1.transfers.create(share(seller, order_id, 2_000, charge))
    payout = double.client(account=seller).v1.payouts.create({"amount": 1_500, "currency": "usd"})
    assert payout.status == "paid"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.transfers.reversals.create(transfer.id)
    assert refused.value.code == "balance_insufficient"
    assert client.v1.transfers.reversals.create(transfer.id, {"amount": 500}).amount == 500


def test_a_connected_account_sees_its_own_money_and_nothing_of_the_platform(
    double: Double, client: stripe.StripeClient, seller: str, order_id: str
) -> None:
    charge = captured_charge(client, order_id, card="pm_card_bypassPending")
    transfer = client.v1.transfers.create(share(seller, order_id, 2_000, charge))
    theirs = double.client(account=seller)
    assert theirs.v1.balance.retrieve().available[0].amount == 2_000
    payment_of_transfer = theirs.v1.charges.retrieve(str(transfer.destination_payment))
    assert (payment_of_transfer.amount, payment_of_transfer.source_transfer) == (2_000, transfer.id)
    assert theirs.v1.payment_intents.list().data == []
    with pytest.raises(stripe.InvalidRequestError, match="No such charge"):
        theirs.v1.charges.retrieve(charge)
    with pytest.raises(stripe.PermissionError) as refused:
        double.client(account="acct_unknown").v1.balance.retrieve()
    assert refused.value.error is not None
    assert refused.value.error.code == "account_invalid"


def test_money_is_neither_made_nor_lost(double: Double, client: stripe.StripeClient, order_id: str) -> None:
    """The balances of all accounts together are what was captured less what was refunded and paid out."""
    sellers = [double.onboarded_account() for _ in range(3)]
    intents = [client.v1.payment_intents.create(payment(order_id, amount=10_000, currency="gbp")) for _ in range(3)]
    charges = [str(client.v1.payment_intents.capture(intent.id).latest_charge) for intent in intents]
    moved = [
        client.v1.transfers.create(share(seller, order_id, 3_000, charge, currency="gbp"))
        for seller, charge in zip(sellers, charges, strict=True)
    ]
    client.v1.transfers.reversals.create(moved[0].id, {"amount": 1_111})
    client.v1.refunds.create({"payment_intent": intents[0].id, "amount": 2_345})
    double.post("/_double/settle")
    double.client(account=sellers[1]).v1.payouts.create({"amount": 700, "currency": "gbp"})
    amounts = [account["gbp"] for account in double.get("/_double/ledger").values() if "gbp" in account]
    assert len(amounts) == 4
    assert sum(one["available"] for one in amounts) == 30_000 - 2_345 - 700
    assert [one["pending"] for one in amounts] == [0, 0, 0, 0]
