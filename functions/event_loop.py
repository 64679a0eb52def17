"""One event loop for the life of a function's process."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Coroutine
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")


@cache
def _runner() -> asyncio.Runner:
    return asyncio.Runner()


def run(work: Coroutine[Any, Any, T]) -> T:
    """Runs one coroutine on the loop that all invocations share, so that connection pools outlive an invocation.

    The coroutine sees the caller's context variables, so its log lines carry the invocation's trace id.
    """
    return _runner().run(work, context=contextvars.copy_context())
