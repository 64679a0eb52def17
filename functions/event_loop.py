"""One event loop for the life of a function's process."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Coroutine
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")
_TURNS = 3
"""Of the loop, until a socket that was closed is read, and its connection knows."""


@cache
def _runner() -> asyncio.Runner:
    return asyncio.Runner()


def run(work: Coroutine[Any, Any, T]) -> T:
    """Runs one coroutine on the loop that all invocations share, so that connection pools outlive an invocation.

    Between invocations the process is frozen, and a server may close a connection that nobody uses. The loop sees that
    first, so that the work finds the pool as it is. The coroutine sees the caller's context variables, so its log lines
    carry the invocation's trace id.
    """
    return _runner().run(_up_to_date(work), context=contextvars.copy_context())


async def _up_to_date(work: Coroutine[Any, Any, T]) -> T:
    for _ in range(_TURNS):
        await asyncio.sleep(0)
    return await work
