"""What every event log does, in memory and in PostgreSQL, and which events a sale writes."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from commerce_samples import NOON, MarketPorts, checkout, forget_events, fulfilled, stock_up

from commerce.adapters.postgres import PostgresEventLog
from commerce.adapters.postgres.events import record
from commerce.adapters.telemetry import continue_trace
from commerce.errors import InvalidRequest
from commerce.events import DomainEvent, EventType, RecordedEvent
from commerce.inventory import SoldOut
from commerce.orders import PriceChanged

MINUTE = timedelta(minutes=1)
AT_ONCE = timedelta(0)
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture(autouse=True)
async def shop(market: MarketPorts) -> None:
    await stock_up(market.offers, stock=5)
    await forget_events(market.events)


async def told(market: MarketPorts) -> list[tuple[str, str]]:
    taken = await market.events.take(100, MINUTE)
    return [(recorded.event.type, recorded.event.subject_id) for recorded in taken]


async def test_a_sale_tells_each_step_that_others_wait_for_once(market: MarketPorts) -> None:
    for _ in range(2):
        await fulfilled(market, "o1", {"tea": 2})
    assert await told(market) == [("order_accepted", "o1"), ("order_captured", "o1"), ("order_fulfilled", "o1")]


async def test_an_event_of_an_order_carries_ids_and_amounts_and_when_it_happened(market: MarketPorts) -> None:
    before = datetime.now(UTC) - MINUTE
    await market.orders.accept(checkout("o1", {"tea": 2}))
    for code in ("payment_declined", "timed_out"):
        await market.orders.fail("o1", code)
    accepted, failed = await market.events.take(10, MINUTE)
    assert accepted.event.data == {"buyer_id": "buyer", "total": 900, "currency": "usd"}
    assert failed.event.data == {"buyer_id": "buyer", "total": 900, "currency": "usd", "failure": "payment_declined"}
    assert accepted.event_id < failed.event_id
    for recorded in (accepted, failed):
        assert recorded.event.occurred_at is not None
        assert before < recorded.event.occurred_at < before + 2 * MINUTE


async def test_what_is_refused_tells_nothing(market: MarketPorts) -> None:
    with pytest.raises(PriceChanged):
        await market.orders.accept(checkout("o1", {"tea": 1}, expected_total=1))
    with pytest.raises(SoldOut):
        await market.orders.accept(checkout("o2", {"tea": 6}))
    assert await told(market) == []


async def test_a_repeated_checkout_tells_nothing_more(market: MarketPorts) -> None:
    for _ in range(2):
        await market.orders.accept(checkout("o1", {"tea": 1}))
    assert await told(market) == [("order_accepted", "o1")]


async def test_events_come_back_when_their_lease_runs_out_and_are_gone_when_done(market: MarketPorts) -> None:
    await market.orders.accept(checkout("o1", {"tea": 1}))
    (taken,) = await market.events.take(10, AT_ONCE)
    assert await market.events.take(10, MINUTE) == (taken,)
    assert await market.events.take(10, MINUTE) == ()
    for _ in range(2):
        await market.events.done([taken.event_id])
    assert await market.events.take(10, AT_ONCE) == ()


async def test_an_event_and_a_dispatch_remember_the_trace_of_their_request(market: MarketPorts) -> None:
    async def request() -> None:
        continue_trace({"traceparent": TRACEPARENT})
        await market.orders.accept(checkout("o1", {"tea": 1}))

    await asyncio.create_task(request())
    (recorded,) = await market.events.take(10, MINUTE)
    (dispatch,) = await market.outbox.take(10, MINUTE)
    assert (recorded.traceparent, dispatch.traceparent) == (TRACEPARENT, TRACEPARENT)


async def test_an_event_is_written_with_its_transaction_or_not_at_all(pool: asyncpg.Pool) -> None:
    event = DomainEvent(type=EventType.ORDER_FAILED, subject_id="o1", occurred_at=NOON)
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await record(connection, event, event)
        await transaction.rollback()
        assert await connection.fetchval("SELECT count(*) FROM events") == 0
        await record(connection, event)
        await record(connection)
    (recorded,) = await PostgresEventLog(pool).take(10, MINUTE)
    assert recorded.event == event


async def test_a_type_of_a_newer_release_is_left_to_that_release(pool: asyncpg.Pool) -> None:
    await pool.execute("INSERT INTO events (type, subject_id, data) VALUES ('of_tomorrow', 'x', '{}')")
    assert await PostgresEventLog(pool).take(10, MINUTE) == ()
    assert await pool.fetchval("SELECT count(*) FROM events") == 1


async def test_an_event_survives_the_bus() -> None:
    recorded = RecordedEvent(
        event_id=7,
        event=DomainEvent(
            type=EventType.ORDER_ACCEPTED, subject_id="ø1", data={"total": 1, "sellers": ["a"]}, occurred_at=NOON
        ),
        traceparent=TRACEPARENT,
    )
    assert RecordedEvent.from_message(recorded.message()) == recorded


@pytest.mark.parametrize("text", ["", "[]", "null", "{}", '{"event_id": 1, "type": "of_tomorrow"}', '"text"'])
async def test_text_that_is_no_event_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match="not an event"):
        RecordedEvent.from_message(text)
