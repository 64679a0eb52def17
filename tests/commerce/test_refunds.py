"""Refunds, in memory and in PostgreSQL: who bears them, and that no more than was paid is given back."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from commerce_samples import (
    NOON,
    RETURN_WINDOW,
    MarketPorts,
    empty,
    fulfilled,
    open_accounts,
    postgres_market,
    stock_up,
)

from commerce.adapters.postgres import PostgresRefunds
from commerce.ledger import COMMISSION, PROCESSOR, held
from commerce.money import Money
from commerce.orders import SellerOrderState
from commerce.refunds import REVERSAL_ATTEMPTS, RefundConflict, RefundTooLarge

GROSS = 2 * 450
CLOSED = NOON + RETURN_WINDOW
FAR = NOON.replace(year=2100)


@pytest.fixture(autouse=True)
async def shop(market: MarketPorts) -> None:
    await stock_up(market.offers)
    await fulfilled(market, "o1", {"tea": 2, "lamp": 1})


async def transferred(market: MarketPorts) -> int:
    """What of Ben's share went to Ben."""
    await open_accounts(market)
    await market.payouts.release_due(CLOSED)
    payouts = await market.payouts.claim(CLOSED)
    for payout in payouts:
        await market.payouts.record_transfer("o1", payout.seller_id, f"tr_{payout.seller_id}")
    return next(payout.amount.amount for payout in payouts if payout.seller_id == "ben")


async def test_refunds_in_parts_leave_as_little_as_one_of_the_whole(market: MarketPorts) -> None:
    before = await market.ledger.balance(PROCESSOR)
    for number, amount in enumerate((1, 333, GROSS - 334)):
        assert await market.refunds.request("o1", "ben", Money(amount, "usd"), f"r{number}", "damaged")
    assert await market.ledger.balance(held("ben")) == {"usd": 0}
    assert (await market.ledger.balance(PROCESSOR))["usd"] == before["usd"] - GROSS
    shares = {share.seller_id: share.state for share in (await market.orders.get("o1")).sellers}
    assert shares == {"ada": SellerOrderState.HELD, "ben": SellerOrderState.REFUNDED}
    with pytest.raises(RefundTooLarge):
        await market.refunds.request("o1", "ben", Money(1, "usd"), "r9", "damaged")


async def test_a_refund_is_booked_once_and_its_id_is_of_no_other(market: MarketPorts) -> None:
    both = [await market.refunds.request("o1", "ben", Money(5, "usd"), "r", "damaged") for _ in range(2)]
    assert both == [True, False]
    with pytest.raises(RefundConflict):
        await market.refunds.request("o1", "ben", Money(6, "usd"), "r", "damaged")


async def test_two_at_once_never_give_back_more_than_was_paid(market: MarketPorts) -> None:
    outcomes = await asyncio.gather(
        *(market.refunds.request("o1", "ben", Money(GROSS - 1, "usd"), f"r{n}", "damaged") for n in range(4)),
        return_exceptions=True,
    )
    assert outcomes.count(True) == 1
    assert sum(isinstance(one, RefundTooLarge) for one in outcomes) == 3


async def test_a_commission_that_is_kept_is_borne_by_the_seller(pool: asyncpg.Pool) -> None:
    await empty(pool)
    market = postgres_market(pool)
    await stock_up(market.offers)
    await fulfilled(market, "o1", {"tea": 2, "lamp": 1})
    earned = await market.ledger.balance(COMMISSION)
    kept = PostgresRefunds(pool, commission_returned=False)
    await kept.request("o1", "ben", Money(GROSS, "usd"), "r", "damaged")
    assert await market.ledger.balance(COMMISSION) == earned
    assert await market.ledger.balance(held("ben")) == {"usd": 0}
    assert (await market.ledger.balance("seller:ben:payable"))["usd"] > 0, "carried as a debt"


async def test_a_refund_before_the_transfer_needs_no_reversal(market: MarketPorts) -> None:
    await market.refunds.request("o1", "ben", Money(100, "usd"), "r", "damaged")
    (due,) = await market.refunds.due(FAR)
    assert (due.refund_id, due.reversal.amount, due.payment_intent_id) == ("r", 0, "pi_o1")
    await market.refunds.record_paid("r", "re_1")
    assert await market.refunds.due(FAR) == ()
    kinds = [one.event for one in await market.events.take(99, RETURN_WINDOW) if one.event.type == "refund_made"]
    assert [(one.subject_id, one.data["amount"]) for one in kinds] == [("o1", 100)]


async def test_a_reversal_takes_no_more_than_was_transferred(market: MarketPorts) -> None:
    """The seller owed something when it was paid, so less than its share went out."""
    await market.refunds.request("o1", "ben", Money(300, "usd"), "early", "damaged")
    paid = await transferred(market)
    await market.refunds.request("o1", "ben", Money(GROSS - 300, "usd"), "late", "lost")
    due = {one.refund_id: one.reversal.amount for one in await market.refunds.due(FAR)}
    assert due == {"early": 0, "late": paid}
    await market.refunds.record_paid("late", "re_1")
    for _ in range(2):
        await market.refunds.record_reversed("late", "trr_1")
    assert await market.ledger.balance("seller:ben:payable") == {"usd": 0}
    assert await market.ledger.totals() == {"usd": 0}


async def test_a_debt_that_was_kept_back_is_not_reversed_again(market: MarketPorts) -> None:
    """Ben owes the tea of another order: of this share the rest is transferred, and only the rest can come back."""
    await transferred(market)
    await market.refunds.request("o1", "ben", Money(GROSS, "usd"), "r1", "lost")
    await market.refunds.record_paid("r1", "re_1")
    for _ in range(REVERSAL_ATTEMPTS):
        await market.refunds.record_refusal("r1", NOON)
    await fulfilled(market, "o2", {"tea": 3})
    await market.payouts.release_due(CLOSED)
    [payout] = await market.payouts.claim(CLOSED)
    assert payout.recovered.amount > 0
    await market.payouts.record_transfer("o2", "ben", "tr_o2")
    await market.refunds.request("o2", "ben", Money(3 * 450, "usd"), "r2", "lost")
    due = {one.refund_id: one.reversal.amount for one in await market.refunds.due(FAR)}
    assert due["r2"] == payout.amount.amount
