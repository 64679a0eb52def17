"""One round of what the function does every minute."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

_log = logging.getLogger(__name__)


class Task(Protocol):
    """Something that is due from time to time. It takes a bounded part of the work; the next round goes on."""

    async def __call__(self, now: datetime) -> int:
        """Does what is due at `now`; returns how many things it settled."""
        ...


class Round:
    """Runs every task, one after another. A task that fails does not keep the others from their work."""

    def __init__(self, tasks: Mapping[str, Task]) -> None:
        """`tasks` by what they count, in the order in which they run."""
        self._tasks = dict(tasks)

    async def run(self, now: datetime) -> dict[str, int]:
        """How many things each task settled. Raises an ExceptionGroup of what failed, after all have run."""
        settled: dict[str, int] = {}
        failures: list[Exception] = []
        for name, task in self._tasks.items():
            try:
                settled[name] = await task(now)
            except Exception as failure:
                _log.exception("task failed", extra={"task": name})
                failures.append(failure)
        if failures:
            raise ExceptionGroup(f"{len(failures)} of {len(self._tasks)} tasks failed", failures)
        return settled
