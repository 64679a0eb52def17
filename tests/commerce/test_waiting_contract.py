"""Orders that wait, are taken up again, or are stopped: in memory and in PostgreSQL."""

from __future__ import annotations

from datetime import timedelta

import pytest
from commerce_samples import NOON, MarketPorts, checkout, confirmed, stock_up

from commerce.dispatch import Patience, Redispatched
from commerce.orders import (
    IllegalTransition,
    OrderNotFound,
    OrderStatus,
    OrderStopped,
    OrderWaits,
    StopReason,
    TooLateToStop,
    WaitsFor,
)

MINUTE = timedelta(minutes=1)
AT_ONCE = Patience(idle=timedelta(0), fulfillment_idle=timedelta(0), dispatches=3)


@pytest.fixture(autouse=True)
async def shop(market: MarketPorts) -> None:
    await stock_up(market.offers)


async def started(market: MarketPorts) -> list[tuple[str, int]]:
    """What is in the outbox, and is started now."""
    taken = await market.outbox.take(10, MINUTE)
    await market.outbox.done([one.outbox_id for one in taken])
    return [(one.order_id, one.attempt) for one in taken]


async def waiting_for_buyer(market: MarketPorts, order_id: str = "o1") -> None:
    await market.orders.accept(checkout(order_id, {"tea": 1}))
    await started(market)
    await market.orders.wait_for_buyer(order_id, f"pi_{order_id}", f"pi_{order_id}_secret", NOON)


async def test_only_its_buyer_gets_the_secret_of_a_payment_and_only_while_the_order_waits(market: MarketPorts) -> None:
    await waiting_for_buyer(market)
    assert await market.orders.client_secret("o1", "buyer") == "pi_o1_secret"
    with pytest.raises(OrderNotFound):
        await market.orders.client_secret("o1", "somebody")
    await market.orders.record_authorization("o1", "pi_o1")
    assert await market.orders.client_secret("o1", "buyer") is None
    assert (await market.orders.get("o1")).waits_for is None


async def test_a_resumed_order_is_started_once_as_its_next_attempt(market: MarketPorts) -> None:
    await waiting_for_buyer(market)
    assert not await market.orders.resume("o1", WaitsFor.REVIEW)
    with pytest.raises(OrderNotFound):
        await market.orders.resume("o1", WaitsFor.BUYER, "somebody")
    assert [await market.orders.resume("o1", WaitsFor.BUYER, "buyer") for _ in range(2)] == [True, False]
    assert await started(market) == [("o1", 2)]
    assert (await market.orders.get("o1")).payment_intent_id == "pi_o1"


async def test_waiting_again_for_the_same_payment_does_not_make_the_wait_longer(market: MarketPorts) -> None:
    await waiting_for_buyer(market)
    for _ in range(2):
        await market.orders.resume("o1", WaitsFor.BUYER)
        await market.orders.wait_for_buyer("o1", "pi_o1", "again", NOON + timedelta(days=1))
        assert (await market.orders.get("o1")).waits_until == NOON
    assert await market.orders.client_secret("o1", "buyer") == "again"
    with pytest.raises(IllegalTransition):
        await market.orders.wait_for_buyer("o1", "pi_other", "other", NOON)


async def test_an_order_that_waits_does_not_stand_still_and_being_resumed_does_not_use_up_its_patience(
    market: MarketPorts,
) -> None:
    await waiting_for_buyer(market)
    assert await market.outbox.redispatch(AT_ONCE) == Redispatched(queued=0)
    for attempt in range(2, 7):
        await market.orders.resume("o1", WaitsFor.BUYER)
        assert await started(market) == [("o1", attempt)]
        await market.orders.wait_for_buyer("o1", "pi_o1", "secret", NOON)
    await market.orders.resume("o1", WaitsFor.BUYER)
    await started(market)
    assert await market.outbox.redispatch(AT_ONCE) == Redispatched(queued=1)
    assert await started(market) == [("o1", 8)]


async def test_an_order_that_waits_is_not_confirmed(market: MarketPorts) -> None:
    await market.orders.accept(checkout("o1", {"tea": 1}))
    await market.orders.record_authorization("o1", "pi_o1")
    await market.orders.wait("o1", WaitsFor.REVIEW, NOON)
    with pytest.raises(OrderWaits):
        await market.orders.confirm_stock("o1")
    assert await market.orders.resume("o1", WaitsFor.REVIEW)
    await market.orders.confirm_stock("o1")
    assert (await market.orders.get("o1")).status is OrderStatus.CONFIRMED


async def test_what_waits_too_long_is_stopped_and_its_flow_started_to_undo_it(market: MarketPorts) -> None:
    await waiting_for_buyer(market)
    await market.orders.accept(checkout("o2", {"tea": 1}))
    await market.orders.wait("o2", WaitsFor.REVIEW, NOON + MINUTE)
    await started(market)
    assert await market.orders.stop_overdue(NOON - MINUTE) == ()
    assert await market.orders.stop_overdue(NOON + MINUTE, limit=1) == ("o1",)
    assert await market.orders.stop_overdue(NOON + MINUTE) == ("o2",)
    assert await market.orders.stop_overdue(NOON + MINUTE) == ()
    assert await started(market) == [("o1", 2), ("o2", 2)]
    for order_id, reason in (("o1", StopReason.NOT_AUTHENTICATED), ("o2", StopReason.NOT_REVIEWED)):
        await market.orders.fail(order_id, "internal_error")
        assert (await market.orders.get(order_id)).failure == reason


async def test_a_stopped_order_goes_no_step_forward(market: MarketPorts) -> None:
    await market.orders.accept(checkout("o1", {"tea": 1}))
    with pytest.raises(OrderNotFound):
        await market.orders.stop("o1", StopReason.CANCELED, "somebody")
    for reason in (StopReason.CANCELED, StopReason.REJECTED):
        await market.orders.stop("o1", reason, "buyer")
    assert await started(market) == [("o1", 1)], "its flow is under way, and will see it"
    await market.orders.record_authorization("o1", "pi_o1")
    for step in (
        market.orders.confirm_stock("o1"),
        market.orders.wait("o1", WaitsFor.REVIEW, NOON),
        market.orders.wait_for_buyer("o1", "pi_o1", "secret", NOON),
    ):
        with pytest.raises(OrderStopped, match="canceled_by_buyer"):
            await step
    await market.orders.fail("o1", "order_stopped")
    order = await market.orders.get("o1")
    assert (order.status, order.failure) == (OrderStatus.FAILED, "canceled_by_buyer")
    await market.orders.stop("o1", StopReason.CANCELED)


async def test_an_order_whose_stock_is_taken_is_not_stopped_any_more(market: MarketPorts) -> None:
    await confirmed(market, "o1", {"tea": 1})
    with pytest.raises(TooLateToStop, match="Ask for a refund"):
        await market.orders.stop("o1", StopReason.CANCELED)
    await market.orders.record_capture("o1", "ch_o1")
    assert (await market.orders.get("o1")).stop_reason is None
    with pytest.raises(TooLateToStop):
        await market.orders.stop("o1", StopReason.CANCELED)
    await market.orders.record_split("o1")
