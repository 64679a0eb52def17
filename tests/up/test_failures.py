"""What goes wrong in a shop, in the whole stack: money and stock end where they belong."""

from __future__ import annotations

import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.up.conftest import Running, buy, check_out, marketplace, until
from toolkit.errors import ToolkitError
from toolkit.local.purchase.buying import VISA, follow
from toolkit.local.purchase.receipt import Receipt


def test_a_declined_card_gives_stock_and_money_back(running: Running) -> None:
    offer = running.offer(stock=3)
    receipt = buy(running, "unlucky", {offer: 2}, payment_method="pm_card_visa_chargeDeclined")
    assert (receipt.status, receipt.failure) == ("failed", "payment_declined")
    assert running.stock(offer) == 3
    assert not [charge for charge in running.charges(receipt.order_id) if charge["captured"]]
    assert running.sql("SELECT 1 FROM ledger_transactions WHERE order_id = $1", receipt.order_id) == []
    # All three can be bought again: the reservation was released too.
    assert buy(running, "lucky", {offer: 3}).status == "fulfilled"
    assert running.stock(offer) == 0


def test_a_sold_out_item_is_refused_before_payment(running: Running) -> None:
    offer = running.offer(stock=1)
    with pytest.raises(ToolkitError, match=r"answered 409.*sold-out"):
        buy(running, "greedy", {offer: 2})
    assert running.stock(offer) == 1


def test_of_two_buyers_of_one_unit_exactly_one_gets_it(running: Running) -> None:
    offer = running.offer(stock=1)

    def attempt(name: str) -> Receipt | ToolkitError:
        try:
            return buy(running, name, {offer: 1})
        except ToolkitError as refused:
            return refused

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(attempt, ("first", "second")))
    bought = [outcome for outcome in outcomes if isinstance(outcome, Receipt) and outcome.status == "fulfilled"]
    assert len(bought) == 1
    assert running.stock(offer) == 0
    sold = running.sql(
        "SELECT sum(quantity) AS units FROM order_lines WHERE offer_id = $1 AND stock_state = 'confirmed'", offer
    )
    assert sold[0]["units"] == 1


def test_a_worker_that_is_killed_between_two_steps_of_the_saga_loses_and_doubles_nothing(running: Running) -> None:
    offer = running.offer(stock=5)
    with running.visitor("steady") as visitor:
        with running.locked(offer):  # the second step, which takes the stock, cannot go on
            order_id = check_out(visitor, {offer: 1}, VISA)
            path = f"/orders/{order_id}"
            until(lambda: visitor.get(path)["status"] == "authorized", seconds=20, what="the first step")
            killed = running.processes()["checkout-saga"]
            os.kill(killed, signal.SIGKILL)
            assert visitor.get(path)["status"] == "authorized"
        receipt = follow(visitor, order_id)
    assert receipt.status == "fulfilled"
    until(lambda: running.processes().get("checkout-saga", killed) != killed, seconds=10, what="a new worker")
    shown = json.loads(marketplace("status", "--json", "--state", str(running.state)).stdout)["processes"]
    assert {process["name"]: process["restarts"] for process in shown}["checkout-saga"] == 1
    assert running.stock(offer) == 4
    captured = [charge for charge in running.charges(order_id) if charge["captured"]]
    assert [charge["amount"] for charge in captured] == [receipt.total]
    transactions = running.sql("SELECT transaction_id FROM ledger_transactions WHERE order_id = $1", order_id)
    assert [row["transaction_id"] for row in transactions] == [f"capture/{order_id}"]


def test_a_forged_identity_header_and_a_missing_token_are_refused(running: Running) -> None:
    forged = httpx.get(f"{running.url}/cart", headers={"x-user-id": "somebody-else"})
    assert forged.status_code == 401
    wrong = httpx.get(f"{running.url}/cart", headers={"Authorization": "Bearer e30.e30.e30"})
    assert wrong.status_code == 401


def test_a_buyer_does_not_see_the_order_of_another(running: Running) -> None:
    receipt = buy(running, "private", {running.offer(stock=1): 1})
    with running.visitor("curious") as visitor, pytest.raises(ToolkitError, match="answered 404"):
        visitor.get(f"/orders/{receipt.order_id}")
