"""How often a service looks for work: all the time, or seldom, so that a database that sleeps is not kept awake."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from services.http.health import PATHS

ATTENTIVE_SECONDS = 900.0
"""After something happened. Longer than what an accepted order needs: the saga's executions end within ten minutes."""


class Attention:
    """Work is looked for at the usual pace while something happens, and for a while afterwards.

    Then, where the database sleeps (`quiet_seconds`), only at times that all processes share, whole multiples of
    `quiet_seconds` of the clock: it wakes for all of them once. A request, or work that is found, ends that at once.
    Without `quiet_seconds` the pace is always the usual one.
    """

    def __init__(
        self,
        quiet_seconds: int = 0,
        *,
        attentive_seconds: float = ATTENTIVE_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.quiet_seconds = quiet_seconds
        self._attentive_seconds = attentive_seconds
        self._clock = clock
        self._noticed_at = time.monotonic()  # what an earlier process left is found in the first minutes
        self._noticed = asyncio.Event()

    @property
    def is_quiet(self) -> bool:
        """Whether nothing happened for so long that the database may sleep."""
        return bool(self.quiet_seconds) and time.monotonic() - self._noticed_at >= self._attentive_seconds

    def noticed(self) -> None:
        """Something happens: whoever rests looks for work now."""
        self._noticed_at = time.monotonic()
        self._noticed.set()

    async def rest(self, seconds: float) -> None:
        """Until it is time to look for work again; `seconds` is the usual pause."""
        if not self.is_quiet:
            await asyncio.sleep(seconds)
            return
        self._noticed.clear()
        try:
            async with asyncio.timeout(self.quiet_seconds - self._clock() % self.quiet_seconds):
                await self._noticed.wait()
        except TimeoutError:
            return


class AttentionMiddleware:
    """Every request but those of health checks is something that happens."""

    def __init__(self, app: ASGIApp, attention: Attention) -> None:
        self._app = app
        self._attention = attention

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in PATHS:
            self._attention.noticed()
        await self._app(scope, receive, send)
