"""What is asked at the same time goes together, and each gets its own answer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from commerce.adapters.batches import Batches


class Server:
    """Answers n with 10 n, and what is below zero with an error; keeps what came together."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.open = asyncio.Event()
        self.open.set()

    async def ask(self, numbers: Sequence[int]) -> Sequence[int | Exception]:
        self.calls.append(list(numbers))
        await self.open.wait()
        if 13 in numbers:
            raise OSError("away")
        return [10 * one if one >= 0 else ValueError(one) for one in numbers]


async def test_one_alone_is_asked_at_once() -> None:
    server = Server()
    assert await Batches(server.ask, at_once=1, most=10).result(1) == 10
    assert server.calls == [[1]]


async def test_what_comes_while_a_call_is_on_its_way_goes_with_the_next() -> None:
    server = Server()
    batches: Batches[int, int] = Batches(server.ask, at_once=1, most=3)
    server.open.clear()
    first = asyncio.create_task(batches.result(1))
    await asyncio.sleep(0.01)
    others = [asyncio.create_task(batches.result(one)) for one in (2, 3, 4, 5)]
    await asyncio.sleep(0.01)
    server.open.set()
    assert await asyncio.gather(first, *others) == [10, 20, 30, 40, 50]
    assert server.calls == [[1], [2, 3, 4], [5]]


async def test_each_gets_its_own_error_and_an_outage_is_told_to_all_who_share_it() -> None:
    server = Server()
    batches: Batches[int, int] = Batches(server.ask, at_once=1, most=10)
    answers = await asyncio.gather(*map(batches.result, (1, -2, 3)), return_exceptions=True)
    assert (answers[0], answers[2]) == (10, 30)
    assert isinstance(answers[1], ValueError)
    answers = await asyncio.gather(*map(batches.result, (1, 13)), return_exceptions=True)
    assert [type(one) for one in answers] == [OSError, OSError]
    assert await batches.result(4) == 40


async def test_who_has_gone_is_not_asked_for_and_nobody_else_notices() -> None:
    server = Server()
    batches: Batches[int, int] = Batches(server.ask, at_once=1, most=10)
    server.open.clear()
    first = asyncio.create_task(batches.result(1))
    await asyncio.sleep(0.01)
    gone, stays = asyncio.create_task(batches.result(2)), asyncio.create_task(batches.result(3))
    await asyncio.sleep(0.01)
    gone.cancel()
    first.cancel()
    await asyncio.sleep(0.01)
    server.open.set()
    assert await stays == 30
    assert server.calls == [[1], [3]]
    with pytest.raises(asyncio.CancelledError):
        await gone


async def test_two_of_one_name_never_share_a_call() -> None:
    server = Server()
    batches: Batches[int, int] = Batches(server.ask, at_once=1, most=10, name=lambda number: number % 2)
    assert await asyncio.gather(*map(batches.result, (1, 3, 2))) == [10, 30, 20]
    assert server.calls == [[1, 2], [3]]


async def test_no_question_is_lost_however_they_come() -> None:
    """A question that arrives just as the last call ends starts a call of its own."""
    server = Server()
    batches: Batches[int, int] = Batches(server.ask, at_once=1, most=4)

    async def asks(first: int) -> list[int]:
        answers = []
        for number in range(first, first + 50):
            answers.append(await batches.result(number))
            if number % 3 == 0:
                await asyncio.sleep(0)
        return answers

    async with asyncio.timeout(5):
        told = await asyncio.gather(*(asks(100 * one) for one in range(1, 9)))
    assert [len(one) for one in told] == [50] * 8
