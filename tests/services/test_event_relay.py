"""The relay between a real event log and a recorded bus."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import asyncpg
import pytest

from commerce.adapters.memory import MemoryEventBus
from commerce.adapters.postgres import PostgresEventLog
from commerce.adapters.postgres.events import record
from commerce.events import DomainEvent, EventType, RecordedEvent
from services.checkout.event_relay import EventPace, EventRelay

PACE = EventPace(batch=2, poll_seconds=0.05, lease=timedelta(milliseconds=200))


class FickleBus(MemoryEventBus):
    """Refuses the first event of a batch, once."""

    def __init__(self) -> None:
        super().__init__()
        self.refused: set[int] = set()

    async def publish(self, events: Sequence[RecordedEvent]) -> frozenset[int]:
        if not self.refused:
            self.refused = {events[0].event_id}
            return await super().publish(events[1:])
        return await super().publish(events)


async def happened(pool: asyncpg.Pool, *subjects: str) -> None:
    async with pool.acquire() as connection:
        await record(connection, *(DomainEvent(type=EventType.ORDER_FAILED, subject_id=one) for one in subjects))


def subjects(bus: MemoryEventBus) -> list[str]:
    return [recorded.event.subject_id for recorded in bus.published]


async def test_every_event_is_published_and_its_row_is_gone(pool: asyncpg.Pool) -> None:
    await happened(pool, "a", "b", "c")
    bus = MemoryEventBus()
    relay = EventRelay(log=PostgresEventLog(pool), bus=bus, pace=PACE)
    assert [await relay.relay_once() for _ in range(3)] == [2, 1, 0]
    assert subjects(bus) == ["a", "b", "c"]
    assert await pool.fetchval("SELECT count(*) FROM events") == 0


async def test_what_the_bus_refused_is_published_again_when_its_lease_has_run_out(pool: asyncpg.Pool) -> None:
    await happened(pool, "a", "b")
    bus = FickleBus()
    relay = EventRelay(log=PostgresEventLog(pool), bus=bus, pace=PACE)
    assert [await relay.relay_once() for _ in range(2)] == [1, 0]
    await asyncio.sleep(0.25)
    assert await relay.relay_once() == 1
    assert subjects(bus) == ["b", "a"]


async def test_an_event_whose_relay_died_is_published_twice_under_the_same_id(pool: asyncpg.Pool) -> None:
    class CrashingLog(PostgresEventLog):
        async def done(self, event_ids: object) -> None:
            raise ConnectionResetError

    await happened(pool, "a")
    bus = MemoryEventBus()
    with pytest.raises(ConnectionResetError):
        await EventRelay(log=CrashingLog(pool), bus=bus, pace=PACE).relay_once()
    await asyncio.sleep(0.25)
    await EventRelay(log=PostgresEventLog(pool), bus=bus, pace=PACE).relay_once()
    first, second = bus.published
    assert first == second


async def test_the_running_relay_outlives_a_lost_database_and_two_share_the_work(pool: asyncpg.Pool) -> None:
    buses = [MemoryEventBus(), MemoryEventBus()]
    relays = [EventRelay(log=PostgresEventLog(pool), bus=bus, pace=PACE) for bus in buses]
    await pool.execute("ALTER TABLE events RENAME TO events_elsewhere")
    running = [asyncio.create_task(relay.run()) for relay in relays]
    try:
        await asyncio.sleep(0.1)
        await pool.execute("ALTER TABLE events_elsewhere RENAME TO events")
        await happened(pool, *map(str, range(9)))
        async with asyncio.timeout(5):
            while await pool.fetchval("SELECT count(*) FROM events"):
                await asyncio.sleep(0.02)
    finally:
        for one in running:
            one.cancel()
    assert sorted(subjects(buses[0]) + subjects(buses[1])) == sorted(map(str, range(9)))
