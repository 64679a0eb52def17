"""What every stock gate does, in memory and in Redis."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from commerce.errors import InvalidRequest
from commerce.inventory import SoldOut, UnknownCounters
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
