"""What every stock gate does, in memory and in Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

import pytest
from commerce_samples import MarketPorts, checkout, memory_market, offer, stock_up

from commerce import inventory
from commerce.errors import InvalidRequest
from commerce.inventory import SoldOut, StockSnapshot, UnknownCounters, reconcile, reserve, sweep
from commerce.ports import StockGate

TTL = timedelta(minutes=10)


async def test_a_reservation_takes_all_lines_or_none(gate: StockGate) -> None:
    await gate.seed({"lamp": 2, "tea": 5})
    await gate.reserve("r1", {"lamp": 2, "tea": 1}, TTL)
    with pytest.raises(SoldOut) as refusal:
        await gate.reserve("r2", {"tea": 1, "lamp": 1}, TTL)
    assert refusal.value.offer_ids == ("lamp",)
    assert await gate.available(["lamp", "tea"]) == {"lamp": 0, "tea": 4}
    assert await gate.held() == {"r1"}


async def test_a_repeated_reservation_changes_nothing_even_after_it_was_consumed(gate: StockGate) -> None:
    await gate.seed({"lamp": 5})
    for _ in range(2):
        await gate.reserve("r1", {"lamp": 2}, TTL)
    await gate.consume("r1")
    await gate.reserve("r1", {"lamp": 2}, TTL)
    assert await gate.available(["lamp"]) == {"lamp": 3}
    assert await gate.held() == frozenset()


async def test_every_missing_counter_is_named_and_nothing_is_reserved(gate: StockGate) -> None:
    await gate.seed({"lamp": 1})
    with pytest.raises(UnknownCounters) as refusal:
        await gate.reserve("r1", {"tea": 1, "lamp": 1, "rug": 1}, TTL)
    assert refusal.value.offer_ids == ("rug", "tea")
    assert await gate.available(["lamp", "tea", "rug"]) == {"lamp": 1}


async def test_seeding_never_overwrites_a_counter(gate: StockGate) -> None:
    await gate.seed({"lamp": 3})
    await gate.reserve("r1", {"lamp": 1}, TTL)
    await gate.seed({"lamp": 3, "tea": 1})
    assert await gate.available(["lamp", "tea"]) == {"lamp": 2, "tea": 1}
    await gate.seed({})


async def test_a_release_gives_back_once(gate: StockGate) -> None:
    await gate.seed({"lamp": 3})
    await gate.reserve("r1", {"lamp": 2}, TTL)
    for _ in range(2):
        await gate.release("r1")
    await gate.release("never")
    assert await gate.available(["lamp"]) == {"lamp": 3}


async def test_a_consumed_reservation_does_not_expire_but_can_be_undone_once(gate: StockGate, clock: Any) -> None:
    await gate.seed({"lamp": 3})
    await gate.reserve("r1", {"lamp": 2}, TTL)
    for _ in range(2):
        await gate.consume("r1")
    assert await gate.sweep(clock.advance(TTL)) == 0
    assert await gate.available(["lamp"]) == {"lamp": 1}
    for _ in range(2):
        await gate.release("r1")
    assert await gate.available(["lamp"]) == {"lamp": 3}


async def test_only_expired_reservations_are_swept(gate: StockGate, clock: Any) -> None:
    await gate.seed({"lamp": 3})
    await gate.reserve("r1", {"lamp": 1}, TTL)
    clock.advance(TTL / 2)
    await gate.reserve("r2", {"lamp": 1}, TTL)
    assert await gate.sweep(clock.advance(TTL / 2)) == 1
    assert await gate.held() == {"r2"}
    assert await gate.available(["lamp"]) == {"lamp": 2}
    assert await gate.sweep(clock.now) == 0
    await gate.release("r1")
    assert await gate.available(["lamp"]) == {"lamp": 2}


async def test_more_reservations_than_one_sweeps_batch_are_swept(gate: StockGate, clock: Any) -> None:
    await gate.seed({"lamp": 600})
    await asyncio.gather(*(gate.reserve(f"r{number}", {"lamp": 1}, TTL) for number in range(600)))
    assert await gate.sweep(clock.advance(TTL)) == 600
    assert await gate.available(["lamp"]) == {"lamp": 600}


async def test_concurrent_buyers_get_no_more_units_than_there_are(gate: StockGate) -> None:
    await gate.seed({"lamp": 10})
    results = await asyncio.gather(
        *(gate.reserve(f"r{number}", {"lamp": 1}, TTL) for number in range(50)), return_exceptions=True
    )
    assert sum(result is None for result in results) == 10
    assert sum(isinstance(result, SoldOut) for result in results) == 40
    assert await gate.available(["lamp"]) == {"lamp": 0}


@pytest.mark.parametrize("lines", [{}, {"lamp": 0}, {"lamp": -3}])
async def test_a_reservation_without_units_is_refused(gate: StockGate, lines: dict[str, int]) -> None:
    await gate.seed({"lamp": 1})
    with pytest.raises(InvalidRequest):
        await gate.reserve("r1", lines, TTL)


async def test_a_rebuild_keeps_reservations_that_are_not_orders_yet(gate: StockGate) -> None:
    await gate.seed({"lamp": 1, "tea": 9})
    await gate.reserve("ordered", {"lamp": 1, "tea": 2}, TTL)
    await gate.reserve("in-flight", {"tea": 3}, TTL)
    await gate.rebuild({"lamp": 7, "tea": 7, "rug": 4}, {"ordered"})
    assert await gate.available(["lamp", "tea", "rug"]) == {"lamp": 7, "tea": 4, "rug": 4}


async def test_missing_counters_are_taken_from_the_authority(gate: StockGate) -> None:
    asked = []

    async def authority(offer_ids: Collection[str]) -> Mapping[str, int]:
        asked.append(tuple(offer_ids))
        return {"lamp": 1}

    await reserve(gate, authority, "r1", {"lamp": 1}, TTL)
    with pytest.raises(SoldOut):
        await reserve(gate, authority, "r2", {"lamp": 1}, TTL)
    with pytest.raises(UnknownCounters):
        await reserve(gate, authority, "r3", {"ghost": 1}, TTL)
    assert asked == [("lamp",), ("ghost",)]


@pytest.fixture
async def shop(gate: StockGate) -> MarketPorts:
    market = memory_market()
    await stock_up(market.offers, stock=5)
    await reconcile(gate, market.offers)
    return market


async def test_reconciling_follows_a_change_of_stock_and_keeps_what_is_in_flight(
    gate: StockGate, shop: MarketPorts
) -> None:
    await gate.reserve("o1", {"lamp": 2}, TTL)
    await shop.orders.accept(checkout("o1", {"lamp": 2}))
    await gate.reserve("o2", {"lamp": 1}, TTL)
    await shop.offers.put(offer("lamp", "ada", 1999, 9))
    await reconcile(gate, shop.offers, ["lamp"])
    assert await gate.available(["lamp"]) == {"lamp": 6}  # 9 less the order's 2 less the 1 in flight


async def test_reconciling_goes_through_all_offers_in_batches(
    gate: StockGate, shop: MarketPorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inventory, "RECONCILE_BATCH", 2)
    asked: list[Collection[str]] = []
    snapshot = shop.offers.snapshot

    async def recorded(offer_ids: Collection[str], reservations: Collection[str]) -> StockSnapshot:
        asked.append(offer_ids)
        return await snapshot(offer_ids, reservations)

    monkeypatch.setattr(shop.offers, "snapshot", recorded)
    for name in ("lamp", "rug", "tea"):
        await shop.offers.put(offer(name, "ada", 100, 7))
    await reconcile(gate, shop.offers)
    assert asked == [("lamp", "rug"), ("tea",)]
    assert await gate.available(["lamp", "rug", "tea"]) == {"lamp": 7, "rug": 7, "tea": 7}


async def test_a_sweep_spares_orders_on_their_way_and_releases_what_was_never_ordered_or_undone(
    gate: StockGate, shop: MarketPorts, clock: Any
) -> None:
    for name in ("ordered", "undone", "abandoned"):
        await gate.reserve(name, {"lamp": 1}, TTL)
    for name in ("ordered", "undone"):
        await shop.orders.accept(checkout(name, {"lamp": 1}))
    await shop.orders.fail("undone", "payment_declined")
    assert await sweep(gate, shop.offers, clock.now) == 0
    assert await gate.expired(clock.now) == frozenset()
    clock.advance(TTL)
    assert await gate.expired(clock.now) == {"ordered", "undone", "abandoned"}
    assert await sweep(gate, shop.offers, clock.now) == 2
    assert await gate.available(["lamp"]) == {"lamp": 4}
    await gate.release("ordered")
    assert await gate.available(["lamp"]) == {"lamp": 5}


async def test_an_order_that_is_undone_while_counters_are_rebuilt_is_given_back_once(
    gate: StockGate, shop: MarketPorts
) -> None:
    await gate.reserve("o1", {"lamp": 2}, TTL)
    await shop.orders.accept(checkout("o1", {"lamp": 2}))
    await shop.orders.fail("o1", "payment_declined")
    await reconcile(gate, shop.offers)
    await gate.release("o1")
    assert await gate.available(["lamp"]) == {"lamp": 5}
