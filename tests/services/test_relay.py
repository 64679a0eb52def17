"""The relay between a real outbox and a recorded flow."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from commerce.adapters.postgres import PostgresOutbox
from commerce.dispatch import Patience
from commerce.orders import Checkout
from functions.checkout.saga import CHECKOUT
from services.checkout.relay import PATIENCE, Pace, Relay
from tests.services.conftest import RecordedFlow, Shop

SHORT_LEASE = Pace(batch=2, lease=timedelta(milliseconds=200), poll_seconds=0.05)


async def accepted(shop: Shop, *order_ids: str) -> None:
    mug = await shop.stock("mug", 100)
    for order_id in order_ids:
        await shop.stores.orders.accept(
            Checkout(
                order_id=order_id,
                buyer_id="buyer",
                lines={mug: 1},
                payment_method="pm_card_visa",
                currency="usd",
                commission_basis_points=1000,
            )
        )


@pytest.fixture
def outbox(pool: asyncpg.Pool) -> PostgresOutbox:
    return PostgresOutbox(pool)


class CrashingOutbox(PostgresOutbox):
    """Dies between the start of an order and the mark that it was started."""

    async def done(self, outbox_ids: object) -> None:
        raise ConnectionResetError


async def test_every_accepted_order_is_started_once_and_its_row_is_gone(
    quiet_shop: Shop, outbox: PostgresOutbox, pool: asyncpg.Pool
) -> None:
    await accepted(quiet_shop, "a", "b", "c")
    flow = RecordedFlow()
    relay = Relay(outbox=outbox, flow=flow, pace=SHORT_LEASE)
    assert [await relay.relay_once() for _ in range(3)] == [2, 1, 0]
    assert sorted(flow.started) == [("a", 1), ("b", 1), ("c", 1)]
    assert await pool.fetchval("SELECT count(*) FROM outbox") == 0


async def test_an_order_whose_relay_died_is_started_again_under_the_same_name(
    quiet_shop: Shop, outbox: PostgresOutbox, pool: asyncpg.Pool
) -> None:
    await accepted(quiet_shop, "a")
    flow = RecordedFlow()
    with pytest.raises(ConnectionResetError):
        await Relay(outbox=CrashingOutbox(pool), flow=flow, pace=SHORT_LEASE).relay_once()
    survivor = Relay(outbox=outbox, flow=flow, pace=SHORT_LEASE)
    assert await survivor.relay_once() == 0, "the dead relay's lease still holds"
    await asyncio.sleep(0.25)
    assert await survivor.relay_once() == 1
    assert flow.started == [("a", 1), ("a", 1)]


async def test_an_order_that_cannot_be_started_does_not_keep_back_the_others(
    quiet_shop: Shop, outbox: PostgresOutbox
) -> None:
    await accepted(quiet_shop, "a", "b")
    flow = RecordedFlow(errors=[ConnectionError("throttled")])
    relay = Relay(outbox=outbox, flow=flow, pace=SHORT_LEASE)
    await relay.relay_once()
    assert len(flow.started) == 1
    await asyncio.sleep(0.25)
    await relay.relay_once()
    assert sorted(flow.started) == [("a", 1), ("b", 1)]


async def test_two_relays_share_the_work(quiet_shop: Shop, outbox: PostgresOutbox) -> None:
    orders = [f"order-{number}" for number in range(20)]
    await accepted(quiet_shop, *orders)
    flow = RecordedFlow()
    relays = [Relay(outbox=outbox, flow=flow) for _ in range(2)]
    await asyncio.gather(*(relay.relay_once() for relay in relays))
    assert sorted(order_id for order_id, _ in flow.started) == sorted(orders)


async def test_the_running_relay_starts_a_new_order_at_once_and_outlives_a_lost_database(
    quiet_shop: Shop, outbox: PostgresOutbox, pool: asyncpg.Pool
) -> None:
    flow = RecordedFlow()
    relay = Relay(outbox=outbox, flow=flow, pace=Pace(poll_seconds=0.1))
    running = asyncio.create_task(relay.run())
    try:
        await pool.execute("ALTER TABLE outbox RENAME TO outbox_elsewhere")
        await asyncio.sleep(0.15)
        await pool.execute("ALTER TABLE outbox_elsewhere RENAME TO outbox")
        await accepted(quiet_shop, "a")
        relay.wake()
        async with asyncio.timeout(2):
            while not flow.started:
                await asyncio.sleep(0.01)
    finally:
        running.cancel()


async def test_an_order_that_stands_still_is_started_again_under_a_new_name_and_then_given_up_loudly(
    quiet_shop: Shop, outbox: PostgresOutbox, caplog: pytest.LogCaptureFixture
) -> None:
    await accepted(quiet_shop, "a")
    flow = RecordedFlow()
    patience = Patience(idle=timedelta(seconds=0.2), fulfillment_idle=timedelta(hours=1), dispatches=2)
    pace = Pace(poll_seconds=0.02, redispatch_seconds=0.0, patience=patience)
    running = asyncio.create_task(Relay(outbox=outbox, flow=flow, pace=pace).run())
    try:
        async with asyncio.timeout(5):
            while not (given_up := [one for one in caplog.records if one.levelname == "ERROR"]):
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
    finally:
        running.cancel()
    assert flow.started == [("a", 1), ("a", 2)]
    assert [vars(one)["order_id"] for one in given_up] == ["a"]


def test_an_unpaid_order_is_started_for_the_last_time_before_stripe_forgets_its_idempotency_key() -> None:
    waits = sum((PATIENCE.idle * 2**number for number in range(PATIENCE.dispatches - 1)), timedelta())
    noticed_late = PATIENCE.dispatches * timedelta(seconds=Pace().redispatch_seconds)
    assert waits + noticed_late + CHECKOUT.timeout < timedelta(days=1)


def test_an_order_is_not_started_again_while_an_execution_of_it_can_still_run() -> None:
    assert PATIENCE.idle > CHECKOUT.timeout
