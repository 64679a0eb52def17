"""Lets the SDK wait for a program's outputs together."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any, Final

SLICE_SECONDS: Final = 0.05
"""How long a new output may go unnoticed."""


def install() -> None:
    """From now on the SDK looks at the outputs when all are done, one has failed or there are new ones.

    By itself it looks at all of them after each one that is done: a fifth of the time of a run with a thousand.
    """
    from pulumi.runtime import stack

    vars(stack)["asyncio"] = _Asyncio()


class _Asyncio:
    """The module `asyncio`, as the SDK's loop uses it."""

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    async def wait(self, tasks: Collection[asyncio.Task[Any]], *, return_when: str) -> Any:
        from pulumi.runtime.settings import SETTINGS

        done: set[asyncio.Task[Any]] = set()
        pending = set(tasks)
        while pending and not SETTINGS.outputs and not any(map(_failed, done)):
            ended, pending = await asyncio.wait(pending, timeout=SLICE_SECONDS, return_when=asyncio.FIRST_EXCEPTION)
            done |= ended
        return done, pending


def _failed(task: asyncio.Task[Any]) -> bool:
    return task.cancelled() or task.exception() is not None
