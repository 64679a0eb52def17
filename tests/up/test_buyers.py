"""Whoever buys by hand while a stack runs."""

from __future__ import annotations

from tests.up.conftest import Running, check_out, marketplace
from toolkit.local.purchase.buying import BUYER, buy, follow
from toolkit.local.purchase.visitor import Visitor

CARDS = ("pm_card_visa_chargeDeclined", "pm_card_mastercard_chargeDeclined", "pm_card_amex", "pm_card_discover")


def test_cards_that_the_demo_buyer_tried_do_not_stop_the_next_up(running: Running) -> None:
    offer = running.offer(stock=20, unit_price=90_000)
    with running.visitor(BUYER.split("@")[0]) as visitor:
        orders = [check_out(visitor, {offer: 1}, card) for card in CARDS]
        assert follow(visitor, orders[-1]).failure == "fraud_refused"
    assert buy(running.boto("cognito-idp"), running.pool, running.url).status == "fulfilled"


def test_a_token_signs_in_whom_nobody_knew_in_the_group_that_was_asked_for(running: Running) -> None:
    state = ("--state", str(running.state))
    with Visitor(running.url, signed_in("token@customers.example", *state)) as visitor:
        assert visitor.get("/cart")["items"] == []
        assert not visitor.answers("/admin/audit")
    with Visitor(running.url, signed_in("token@staff.example", "--group", "admin", *state)) as visitor:
        assert visitor.answers("/admin/audit")


def test_a_token_for_no_address_or_no_stack_is_refused_with_a_next_step(running: Running) -> None:
    refused = marketplace("token", "me", "--state", str(running.state))
    assert refused.returncode == 1
    assert "'me' is no address" in refused.stderr and "next:" in refused.stderr
    nowhere = marketplace("token", "--state", str(running.state / "nowhere"))
    assert nowhere.returncode == 1
    assert "marketplace up" in nowhere.stderr


def signed_in(*arguments: str) -> str:
    answer = marketplace("token", *arguments)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.strip()
