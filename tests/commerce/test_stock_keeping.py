"""The stock keeper over every stock gate, in memory and in Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

import pytest
from commerce_samples import MarketPorts, checkout, memory_market, offer, stock_up

from commerce import stock_keeping
from commerce.inventory import SoldOut, StockSnapshot, UnknownCounters
from commerce.ports import StockGate
from commerce.stock_keeping import StockKeeper

TTL = timedelta(minutes=10)


@pytest.fixture
async def shop() -> MarketPorts:
    market = memory_market()
    await stock_up(market.offers, stock=5)
    return market


@pytest.fixture
async def keeper(gate: StockGate, shop: MarketPorts) -> StockKeeper:
    keeper = StockKeeper(gate=gate, offers=shop.offers)
    await keeper.reconcile()
    return keeper


async def test_missing_counters_are_taken_from_the_authority(
    gate: StockGate, shop: MarketPorts, keeper: StockKeeper
) -> None:
    await shop.offers.put(offer("kite", "ada", 500, 4))
    await shop.orders.accept(checkout("earlier", {"kite": 1}))
    await keeper.reserve("r1", {"kite": 1}, TTL)
    assert await gate.available(["kite"]) == {"kite": 2}
    with pytest.raises(UnknownCounters) as refusal:
        await keeper.reserve("r2", {"kite": 1, "ghost": 1}, TTL)
    assert refusal.value.offer_ids == ("ghost",)
    assert await gate.held() == {"r1"}


async def test_added_units_are_found_before_an_offer_is_called_sold_out(shop: MarketPorts, keeper: StockKeeper) -> None:
    await keeper.reserve("r1", {"lamp": 5}, TTL)
    await shop.offers.put(offer("lamp", "ada", 1999, 7))
    await keeper.reserve("r2", {"lamp": 2}, TTL)
    with pytest.raises(SoldOut):
        await keeper.reserve("r3", {"lamp": 1}, TTL)


async def test_buyers_of_a_sold_out_offer_ask_the_authority_once_in_a_while(
    shop: MarketPorts, keeper: StockKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keeper.reserve("r1", {"lamp": 5}, TTL)
    await shop.orders.accept(checkout("r1", {"lamp": 5}))
    asked: list[Collection[str]] = []
    available = shop.offers.available

    async def recorded(offer_ids: Collection[str]) -> Mapping[str, int]:
        asked.append(offer_ids)
        return await available(offer_ids)

    monkeypatch.setattr(shop.offers, "available", recorded)
    for number in range(5):
        with pytest.raises(SoldOut):
            await keeper.reserve(f"too-late-{number}", {"lamp": 1}, TTL)
    assert asked == [("lamp",)]


@pytest.mark.parametrize("cancel_the_first", [False, True])
async def test_buyers_wait_for_the_one_who_looks_whether_there_are_more_units(
    shop: MarketPorts, keeper: StockKeeper, monkeypatch: pytest.MonkeyPatch, *, cancel_the_first: bool
) -> None:
    await keeper.reserve("r1", {"lamp": 5}, TTL)
    await shop.orders.accept(checkout("r1", {"lamp": 5}))
    await shop.offers.put(offer("lamp", "ada", 1999, 5 + 24))
    snapshot, looks, may_answer = shop.offers.snapshot, 0, asyncio.Event()

    async def slow(offer_ids: Collection[str], reservations: Collection[str]) -> StockSnapshot:
        nonlocal looks
        looks += 1
        await may_answer.wait()
        return await snapshot(offer_ids, reservations)

    monkeypatch.setattr(shop.offers, "snapshot", slow)
    buyers = [asyncio.create_task(keeper.reserve(f"b{number}", {"lamp": 1}, TTL)) for number in range(25)]
    while not looks:
        await asyncio.sleep(0)
    late = asyncio.create_task(keeper.reserve("late", {"lamp": 25}, TTL))
    await asyncio.sleep(0.01)
    if cancel_the_first:
        buyers.pop(0).cancel()
        buyers.append(asyncio.create_task(keeper.reserve("another", {"lamp": 1}, TTL)))
        await asyncio.sleep(0.01)
    may_answer.set()
    answers = await asyncio.gather(*buyers, late, return_exceptions=True)
    assert [type(one) for one in answers if one is not None] == [SoldOut, SoldOut]
    assert isinstance(answers[-1], SoldOut)
    assert looks == 1


async def test_a_look_that_fails_fails_for_all_who_wait_and_is_tried_again(
    shop: MarketPorts, keeper: StockKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keeper.reserve("r1", {"lamp": 5}, TTL)

    async def away(offer_ids: Collection[str]) -> Mapping[str, int]:
        await asyncio.sleep(0)
        raise ConnectionResetError

    with monkeypatch.context() as patch:
        patch.setattr(shop.offers, "available", away)
        buyers = [keeper.reserve(f"b{number}", {"lamp": 1}, TTL) for number in range(3)]
        answers = await asyncio.gather(*buyers, return_exceptions=True)
        assert {type(one) for one in answers} == {ConnectionResetError}
    await shop.offers.put(offer("lamp", "ada", 1999, 6))
    await keeper.reserve("r2", {"lamp": 1}, TTL)


async def test_reconciling_follows_a_change_of_stock_and_keeps_what_is_in_flight(
    gate: StockGate, shop: MarketPorts, keeper: StockKeeper
) -> None:
    await gate.reserve("o1", {"lamp": 2}, TTL)
    await shop.orders.accept(checkout("o1", {"lamp": 2}))
    await gate.reserve("o2", {"lamp": 1}, TTL)
    await shop.offers.put(offer("lamp", "ada", 1999, 9))
    await keeper.reconcile(["lamp"])
    assert await gate.available(["lamp"]) == {"lamp": 6}  # 9 less the order's 2 less the 1 in flight


async def test_reconciling_goes_through_all_offers_in_batches(
    gate: StockGate, shop: MarketPorts, keeper: StockKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stock_keeping, "RECONCILE_BATCH", 2)
    asked: list[Collection[str]] = []
    snapshot = shop.offers.snapshot

    async def recorded(offer_ids: Collection[str], reservations: Collection[str]) -> StockSnapshot:
        asked.append(offer_ids)
        return await snapshot(offer_ids, reservations)

    monkeypatch.setattr(shop.offers, "snapshot", recorded)
    for name in ("lamp", "rug", "tea"):
        await shop.offers.put(offer(name, "ada", 100, 7))
    await keeper.reconcile()
    assert asked == [("lamp", "rug"), ("tea",)]
    assert await gate.available(["lamp", "rug", "tea"]) == {"lamp": 7, "rug": 7, "tea": 7}


async def test_a_sweep_spares_orders_on_their_way_and_releases_what_was_never_ordered_or_undone(
    gate: StockGate, shop: MarketPorts, keeper: StockKeeper, clock: Any
) -> None:
    for name in ("ordered", "undone", "abandoned"):
        await gate.reserve(name, {"lamp": 1}, TTL)
    for name in ("ordered", "undone"):
        await shop.orders.accept(checkout(name, {"lamp": 1}))
    await shop.orders.fail("undone", "payment_declined")
    assert await keeper.sweep(clock.now) == 0
    assert await gate.expired(clock.now) == frozenset()
    clock.advance(TTL)
    assert await gate.expired(clock.now) == {"ordered", "undone", "abandoned"}
    assert await keeper.sweep(clock.now) == 2
    assert await gate.available(["lamp"]) == {"lamp": 4}
    await gate.release("ordered")
    assert await gate.available(["lamp"]) == {"lamp": 5}


async def test_an_order_that_is_undone_while_counters_are_rebuilt_is_given_back_once(
    gate: StockGate, shop: MarketPorts, keeper: StockKeeper
) -> None:
    await gate.reserve("o1", {"lamp": 2}, TTL)
    await shop.orders.accept(checkout("o1", {"lamp": 2}))
    await shop.orders.fail("o1", "payment_declined")
    await keeper.reconcile()
    await gate.release("o1")
    assert await gate.available(["lamp"]) == {"lamp": 5}
