"""Notes which buyers looked at which products, without a request waiting for it."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from commerce.ports import Rankings

_log = logging.getLogger(__name__)
KEPT = 2_000
"""Views that wait at most; then the oldest are dropped: they are hints for recommendations, and nothing else."""
AT_ONCE = 200
EVERY_SECONDS = 1.0


class ViewRecorder:
    """Collects views and writes them to the cache in batches. While the cache is away they are lost."""

    def __init__(self, rankings: Rankings, every_seconds: float = EVERY_SECONDS) -> None:
        self._rankings = rankings
        self._every_seconds = every_seconds
        self._views: deque[tuple[str, str]] = deque(maxlen=KEPT)

    def note(self, buyer_id: str, product_id: str) -> None:
        """A buyer looked at a product. Takes no time and never fails."""
        self._views.append((buyer_id, product_id))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Writes in the background while the context is open, and what is left when it closes."""
        task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await self._write()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._every_seconds)
            await self._write()

    async def _write(self) -> None:
        while self._views:
            batch = [self._views.popleft() for _ in range(min(AT_ONCE, len(self._views)))]
            try:
                await self._rankings.record_views(batch)
            except Exception:
                # Whatever the cache's client raises: no buyer may notice.
                _log.warning("views lost", exc_info=True, extra={"views": len(batch)})
                self._views.clear()
