"""A service beside a database that sleeps: it looks for work while something happens, and seldom otherwise."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from commerce.adapters.memory import MemoryEventBus, MemoryMarket, MemoryOutbox
from commerce.adapters.postgres import DatabaseSettings, PostgresEventLog
from commerce.adapters.postgres.connection import _parameters
from commerce.dispatch import Dispatch
from services.checkout.event_relay import EventPace, EventRelay
from services.checkout.relay import Pace, Relay
from services.http.attention import Attention, AttentionMiddleware
from tests.services.conftest import RecordedFlow

HOURS = 6 * 3600


class CountedOutbox(MemoryOutbox):
    """Counts how often it is asked."""

    def __init__(self) -> None:
        super().__init__(MemoryMarket())
        self.asked = 0
        self.found: list[Dispatch] = []

    async def take(self, limit: int, lease: timedelta) -> tuple[Dispatch, ...]:
        self.asked += 1
        found, self.found = tuple(self.found), []
        return found


class CountedLog(PostgresEventLog):
    asked = 0

    async def take(self, limit: int, lease: timedelta) -> tuple[()]:
        self.asked += 1
        return ()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


async def test_nobody_asks_a_database_that_sleeps_and_a_request_starts_the_usual_pace(pool: asyncpg.Pool) -> None:
    attention = Attention(HOURS, attentive_seconds=0.2)
    outbox, log = CountedOutbox(), CountedLog(pool)
    relays = (
        Relay(outbox=outbox, flow=RecordedFlow(), pace=Pace(poll_seconds=0.02), attention=attention),
        EventRelay(log=log, bus=MemoryEventBus(), pace=EventPace(poll_seconds=0.02), attention=attention),
    )
    running = [asyncio.create_task(relay.run()) for relay in relays]
    try:
        await until(lambda: attention.is_quiet)
        await asyncio.sleep(0.05)
        before = (outbox.asked, log.asked)
        assert min(before) >= 5, "what an earlier process left is looked for at first"
        await asyncio.sleep(0.3)
        assert (outbox.asked, log.asked) == before

        app = FastAPI()
        app.add_middleware(AttentionMiddleware, attention=attention)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as client:
            await client.get("/healthz")
            await asyncio.sleep(0.05)
            assert (outbox.asked, log.asked) == before, "a health check is no work"
            await client.get("/orders")
            await until(lambda: outbox.asked >= before[0] + 3 and log.asked >= before[1] + 3)
    finally:
        for task in running:
            task.cancel()


async def test_an_accepted_order_is_looked_for_at_once_and_found_work_keeps_the_relay_awake() -> None:
    attention = Attention(HOURS, attentive_seconds=0.1)
    outbox, flow = CountedOutbox(), RecordedFlow()
    relay = Relay(outbox=outbox, flow=flow, pace=Pace(poll_seconds=0.02), attention=attention)
    running = asyncio.create_task(relay.run())
    try:
        await until(lambda: attention.is_quiet)
        await asyncio.sleep(0.05)
        outbox.found = [Dispatch(outbox_id=1, order_id="a", attempt=1, traceparent=None)]
        relay.wake()
        await until(lambda: flow.started == [("a", 1)])
        assert not attention.is_quiet
    finally:
        running.cancel()


async def test_every_process_looks_at_the_same_time_of_the_clock() -> None:
    now = [1_000 * 7 + 999.98]
    attention = Attention(1_000, attentive_seconds=0, clock=lambda: now[0])
    started = time.monotonic()
    await attention.rest(0.001)
    assert 0.01 <= time.monotonic() - started < 1


async def test_without_a_database_that_sleeps_the_pace_is_always_the_usual_one() -> None:
    attention = Attention(attentive_seconds=0)
    assert not attention.is_quiet
    await asyncio.wait_for(attention.rest(0.01), 1)


@pytest.mark.parametrize(("quiet", "seconds"), [(0, 10), (HOURS, 25)])
def test_who_connects_to_a_database_that_sleeps_waits_until_it_is_awake(quiet: int, seconds: float) -> None:
    settings = DatabaseSettings(host="h", database="d", quiet_seconds=quiet, authentication="none")
    assert _parameters(settings, "user", None)["timeout"] == seconds
