"""What every outbox does, in memory and in PostgreSQL."""

from __future__ import annotations

from datetime import timedelta

import pytest
from commerce_samples import MarketPorts, checkout, confirmed, fulfilled, stock_up

from commerce.dispatch import Patience, Redispatched

MINUTE = timedelta(minutes=1)
AT_ONCE = timedelta(0)
NONE = Redispatched(queued=0)
ONE = Redispatched(queued=1)


def patience(idle: timedelta, *, fulfillment: timedelta | None = None, dispatches: int = 8) -> Patience:
    return Patience(idle=idle, fulfillment_idle=idle if fulfillment is None else fulfillment, dispatches=dispatches)


@pytest.fixture(autouse=True)
async def shop(market: MarketPorts) -> None:
    await stock_up(market.offers, stock=50)


async def test_accepted_orders_are_taken_oldest_first_and_by_one_taker(market: MarketPorts) -> None:
    for name in ("o1", "o2", "o3"):
        await market.orders.accept(checkout(name, {"tea": 1}))
    first = await market.outbox.take(2, MINUTE)
    second = await market.outbox.take(2, MINUTE)
    assert [(d.order_id, d.attempt) for d in (*first, *second)] == [("o1", 1), ("o2", 1), ("o3", 1)]
    assert await market.outbox.take(2, MINUTE) == ()


async def test_a_row_comes_back_when_its_lease_runs_out_and_is_gone_when_done(market: MarketPorts) -> None:
    await market.orders.accept(checkout("o1", {"tea": 1}))
    (taken,) = await market.outbox.take(10, AT_ONCE)
    assert await market.outbox.take(10, AT_ONCE) == (taken,)
    for _ in range(2):
        await market.outbox.done([taken.outbox_id])
    assert await market.outbox.take(10, AT_ONCE) == ()


async def test_an_order_that_stands_still_is_dispatched_again_with_a_new_attempt(market: MarketPorts) -> None:
    await market.orders.accept(checkout("o1", {"tea": 1}))
    assert await market.outbox.redispatch(patience(AT_ONCE)) == NONE  # still queued
    await market.outbox.done([d.outbox_id for d in await market.outbox.take(10, MINUTE)])
    assert await market.outbox.redispatch(patience(MINUTE)) == NONE  # moved a moment ago
    assert await market.outbox.redispatch(patience(AT_ONCE)) == ONE
    assert [(d.order_id, d.attempt) for d in await market.outbox.take(10, MINUTE)] == [("o1", 2)]


async def test_a_finished_order_is_not_dispatched_again(market: MarketPorts) -> None:
    await fulfilled(market, "o1", {"tea": 1})
    await market.orders.accept(checkout("o2", {"tea": 1}))
    await market.orders.fail("o2", "payment_declined")
    await market.outbox.done([d.outbox_id for d in await market.outbox.take(10, MINUTE)])
    assert await market.outbox.redispatch(patience(AT_ONCE)) == NONE


async def test_an_order_is_given_up_once(market: MarketPorts) -> None:
    await market.orders.accept(checkout("o1", {"tea": 1}))
    for expected in (ONE, ONE, Redispatched(queued=0, given_up=("o1",)), NONE):
        await market.outbox.done([d.outbox_id for d in await market.outbox.take(10, MINUTE)])
        assert await market.outbox.redispatch(patience(AT_ONCE, dispatches=3)) == expected
    assert await market.outbox.take(10, MINUTE) == ()


async def test_a_paid_order_that_waits_for_its_goods_is_left_in_peace(market: MarketPorts) -> None:
    await confirmed(market, "o1", {"tea": 1})
    await market.orders.record_capture("o1", "ch_o1")
    await market.outbox.done([d.outbox_id for d in await market.outbox.take(10, MINUTE)])
    assert await market.outbox.redispatch(patience(AT_ONCE, fulfillment=MINUTE)) == ONE, "its money is not split yet"
    await market.outbox.done([d.outbox_id for d in await market.outbox.take(10, MINUTE)])
    await market.orders.record_split("o1")
    assert await market.outbox.redispatch(patience(AT_ONCE, fulfillment=MINUTE)) == NONE
    assert await market.outbox.redispatch(patience(MINUTE, fulfillment=AT_ONCE)) == ONE
