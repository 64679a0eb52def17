"""Carries accepted orders from the outbox to the checkout flow."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta

from opentelemetry.trace import SpanKind

from commerce.adapters.telemetry import within_trace
from commerce.adapters.tracing import span
from commerce.dispatch import Dispatch, Patience
from commerce.ports import CheckoutFlow, Outbox
from services.http.attention import Attention

_log = logging.getLogger(__name__)
# The first wait is longer than an execution can last (10 minutes). The eighth dispatch comes after 23.3 hours: Stripe
# forgets an idempotency key after a day, and a later `authorize` could then make a second payment intent. A paid order
# that waits for its goods is tried for a month.
PATIENCE = Patience(idle=timedelta(minutes=11), fulfillment_idle=timedelta(hours=6), dispatches=8)


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """How the relay works.

    `lease` is how long a taken row belongs to this relay: a row whose relay died comes back after it. `crowd` is how
    many buyers must be waiting for the relay to step back, start one order at a time and let rows gather for
    `gather_seconds`: orders can wait in the outbox, and the processor and the disk are left to the buyers.
    """

    batch: int = 100
    concurrency: int = 8
    crowd: int = 4
    poll_seconds: float = 1.0
    gather_seconds: float = 0.1
    lease: timedelta = timedelta(seconds=30)
    patience: Patience = PATIENCE
    redispatch_seconds: float = 60.0


class Relay:
    """Takes rows of the outbox, starts their orders, marks the rows done.

    At least once: a crash between the start and the mark starts the order again, which the flow knows as the same
    execution. A row that cannot be started is left to its lease and tried again.
    """

    def __init__(
        self,
        *,
        outbox: Outbox,
        flow: CheckoutFlow,
        pace: Pace | None = None,
        attention: Attention | None = None,
    ) -> None:
        self._outbox = outbox
        self._flow = flow
        self._pace = pace or Pace()
        self._attention = attention or Attention()
        self._work = asyncio.Event()
        self._slots = asyncio.Semaphore(self._pace.concurrency)
        self._one_at_a_time = asyncio.Lock()
        self._waiting_buyers = 0

    @contextmanager
    def buyer_waits(self) -> Iterator[None]:
        """Counts a buyer as waiting while the context is open."""
        self._waiting_buyers += 1
        try:
            yield
        finally:
            self._waiting_buyers -= 1

    def wake(self) -> None:
        """An order was accepted: look at once instead of at the next poll."""
        self._work.set()
        self._attention.noticed()

    async def run(self) -> None:
        """Relays until canceled."""
        redispatched = time.monotonic()
        while True:
            self._work.clear()
            try:
                if time.monotonic() - redispatched >= self._pace.redispatch_seconds:
                    redispatched = time.monotonic()
                    await self._redispatch()
                while await self.relay_once() == self._pace.batch:
                    pass
            except Exception:
                # The database may be away for a while; what was accepted stays in the outbox.
                _log.exception("the outbox could not be relayed")
                await asyncio.sleep(self._pace.poll_seconds)
            await self._woken()
            if self._crowded():
                await asyncio.sleep(self._pace.gather_seconds)

    async def _redispatch(self) -> None:
        redispatched = await self._outbox.redispatch(self._pace.patience)
        if redispatched.queued:
            _log.warning("orders that stood still are started again", extra={"orders": redispatched.queued})
        for order_id in redispatched.given_up:
            _log.error("an order stands still and is not started again: find out why", extra={"order_id": order_id})

    async def relay_once(self) -> int:
        """Relays one batch; returns how many rows it took."""
        taken = await self._outbox.take(self._pace.batch, self._pace.lease)
        if taken:
            self._attention.noticed()
            started = await asyncio.gather(*(self._start(dispatch) for dispatch in taken))
            await self._outbox.done([dispatch.outbox_id for dispatch, done in zip(taken, started, strict=True) if done])
        return len(taken)

    async def _start(self, dispatch: Dispatch) -> bool:
        async with self._slots, self._turn():
            try:
                with within_trace(dispatch.traceparent), span("start checkout", SpanKind.PRODUCER):
                    await self._flow.start(dispatch.order_id, dispatch.attempt)
            except Exception:
                # One order that cannot be started must not keep back the others; its lease brings it back.
                _log.exception("an order could not be started", extra={"order_id": dispatch.order_id})
                return False
            return True

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        if self._crowded():
            async with self._one_at_a_time:
                yield
        else:
            yield

    def _crowded(self) -> bool:
        return self._waiting_buyers >= self._pace.crowd

    async def _woken(self) -> None:
        if self._attention.is_quiet:
            await self._attention.rest(self._pace.poll_seconds)
            return
        try:
            async with asyncio.timeout(self._pace.poll_seconds):
                await self._work.wait()
        except TimeoutError:
            return
