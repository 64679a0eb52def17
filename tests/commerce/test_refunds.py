"""Refunds: who bears them, and that no more than was paid is given back."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from commerce_samples import NOON, MarketPorts, fulfilled, postgres_market, stock_up

from commerce.adapters.postgres import PostgresRefunds
from commerce.ledger import COMMISSION, PROCESSOR, held
from commerce.money import Money
from commerce.orders import SellerOrderState
from commerce.refunds import RefundConflict, RefundTooLarge

GROSS = 2 * 450


@pytest.fixture
async def market(pool: asyncpg.Pool) -> MarketPorts:
    market = postgres_market(pool)
    await stock_up(market.offers)
    await fulfilled(market, "o1", {"tea": 2, "lamp": 1})
    return market


def refunds(pool: asyncpg.Pool, *, commission_returned: bool = True) -> PostgresRefunds:
    return PostgresRefunds(pool, commission_returned=commission_returned)


async def test_refunds_in_parts_leave_as_little_as_one_of_the_whole(market: MarketPorts, pool: asyncpg.Pool) -> None:
    before = await market.ledger.balance(PROCESSOR)
    for number, amount in enumerate((1, 333, GROSS - 334)):
        assert await refunds(pool).request("o1", "ben", Money(amount, "usd"), f"r{number}", "damaged")
    assert await market.ledger.balance(held("ben")) == {"usd": 0}
    assert (await market.ledger.balance(PROCESSOR))["usd"] == before["usd"] - GROSS
    shares = {share.seller_id: share.state for share in (await market.orders.get("o1")).sellers}
    assert shares == {"ada": SellerOrderState.HELD, "ben": SellerOrderState.REFUNDED}
    with pytest.raises(RefundTooLarge):
        await refunds(pool).request("o1", "ben", Money(1, "usd"), "r9", "damaged")


async def test_a_refund_is_booked_once_and_its_id_is_of_no_other(market: MarketPorts, pool: asyncpg.Pool) -> None:
    both = [await refunds(pool).request("o1", "ben", Money(5, "usd"), "r", "damaged") for _ in range(2)]
    assert both == [True, False]
    with pytest.raises(RefundConflict):
        await refunds(pool).request("o1", "ben", Money(6, "usd"), "r", "damaged")


async def test_two_at_once_never_give_back_more_than_was_paid(market: MarketPorts, pool: asyncpg.Pool) -> None:
    outcomes = await asyncio.gather(
        *(refunds(pool).request("o1", "ben", Money(GROSS - 1, "usd"), f"r{n}", "damaged") for n in range(4)),
        return_exceptions=True,
    )
    assert outcomes.count(True) == 1
    assert sum(isinstance(one, RefundTooLarge) for one in outcomes) == 3


async def test_a_commission_that_is_kept_is_borne_by_the_seller(market: MarketPorts, pool: asyncpg.Pool) -> None:
    earned = await market.ledger.balance(COMMISSION)
    kept = refunds(pool, commission_returned=False)
    await kept.request("o1", "ben", Money(GROSS, "usd"), "r", "damaged")
    assert await market.ledger.balance(COMMISSION) == earned
    assert await market.ledger.balance(held("ben")) == {"usd": 0}
    assert (await market.ledger.balance("seller:ben:payable"))["usd"] > 0, "carried as a debt"


async def test_a_refund_before_the_transfer_needs_no_reversal(market: MarketPorts, pool: asyncpg.Pool) -> None:
    await refunds(pool).request("o1", "ben", Money(100, "usd"), "r", "damaged")
    (due,) = await refunds(pool).due(NOON.replace(year=2100))
    assert (due.refund_id, due.reversal.amount, due.payment_intent_id) == ("r", 0, "pi_o1")
    await refunds(pool).record_paid("r", "re_1")
    assert await refunds(pool).due(NOON.replace(year=2100)) == ()
