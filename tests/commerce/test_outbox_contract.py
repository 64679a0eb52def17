"""What every outbox does, in memory and in PostgreSQL."""

from __future__ import annotations

from datetime import timedelta

import pytest
from commerce_samples import MarketPorts, checkout, fulfilled, stock_up

MINUTE = timedelta(minutes=1)
AT_ONCE = timedelta(0)


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
    assert await market.outbox.redispatch(AT_ONCE) == 0  # still queued
    await market.outbox.done([d.outbox_id for d in await market.outbox.take(10, MINUTE)])
    assert await market.outbox.redispatch(MINUTE) == 0  # moved a moment ago
    assert await market.outbox.redispatch(AT_ONCE) == 1
    assert [(d.order_id, d.attempt) for d in await market.outbox.take(10, MINUTE)] == [("o1", 2)]


async def test_a_finished_order_is_not_dispatched_again(market: MarketPorts) -> None:
    await fulfilled(market, "o1", {"tea": 1})
    await market.orders.accept(checkout("o2", {"tea": 1}))
    await market.orders.fail("o2", "payment_declined")
    await market.outbox.done([d.outbox_id for d in await market.outbox.take(10, MINUTE)])
    assert await market.outbox.redispatch(AT_ONCE) == 0
