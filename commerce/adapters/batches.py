"""One call for what several tasks ask at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextvars import Context
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Batches(Generic[Item, Result]):
    """Gathers what is asked while earlier calls are on their way, and asks it with the next.

    Nobody waits for a batch to fill: an item alone is asked at once. `ask` returns a result or an error for each of
    its items, in their order; what it raises is told to all of them. At most `at_once` calls are on their way, with at
    most `most` items each, of which no two have the same `name`. A call belongs to no
    trace: each of those who ask has its own.
    """

    def __init__(
        self,
        ask: Callable[[Sequence[Item]], Awaitable[Sequence[Result | Exception]]],
        *,
        at_once: int,
        most: int,
        name: Callable[[Item], Hashable] = id,
    ) -> None:
        self._ask = ask
        self._at_once = at_once
        self._most = most
        self._name = name
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._calls: set[asyncio.Task[None]] = set()
        self._running = 0
        self._starting = False

    async def result(self, item: Item) -> Result:
        """The item's own result; raises its own error."""
        answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        if not self._starting and self._running < self._at_once:
            # The task begins after those that are ready now: what they ask joins the batch.
            self._starting = True
            call = asyncio.create_task(self._work(), context=Context())
            self._calls.add(call)
            call.add_done_callback(self._calls.discard)
        return await answer

    async def _work(self) -> None:
        self._starting = False
        self._running += 1
        try:
            while batch := self._take():
                await self._answer(batch)
        finally:
            # Nothing is awaited since the queue was seen empty: what is asked now starts the next task.
            self._running -= 1

    def _take(self) -> list[tuple[Item, asyncio.Future[Result]]]:
        batch: dict[Hashable, tuple[Item, asyncio.Future[Result]]] = {}
        left = []
        for one in self._waiting:
            name = self._name(one[0])
            if one[1].done():  # whoever asked has gone
                continue
            if len(batch) < self._most and name not in batch:
                batch[name] = one
            else:
                left.append(one)
        self._waiting = left
        return list(batch.values())

    async def _answer(self, batch: Sequence[tuple[Item, asyncio.Future[Result]]]) -> None:
        results: Sequence[Any]
        try:
            results = await self._ask([item for item, _ in batch])
        except asyncio.CancelledError:
            for _, answer in batch:
                answer.cancel()
            raise
        except Exception as error:
            results = [error] * len(batch)
        for (_, answer), result in zip(batch, results, strict=True):
            if answer.done():
                continue
            if isinstance(result, Exception):
                answer.set_exception(result)
            else:
                answer.set_result(result)
