"""Lets the SDK wait for a program's outputs together."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any


def install() -> None:
    """From now on the SDK looks at the outputs when all are done, or one has failed.

    By itself it looks at all of them after each one that is done: a fifth of the time of a run with a thousand.
    """
    from pulumi.runtime import stack

    vars(stack)["asyncio"] = _Asyncio()


class _Asyncio:
    """The module `asyncio`, as the SDK's loop uses it."""

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    async def wait(self, tasks: Collection[asyncio.Task[Any]], *, return_when: str) -> Any:
        return await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
