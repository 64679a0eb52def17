"""An order that waits for its buyer's authentication, or is canceled: with a crash at every call to a port, and with a
cancellation between any two calls."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from commerce.orders import OrderStatus, SellerOrderState, StopReason, TooLateToStop, WaitsFor
from tests.functions.conftest import NEEDS_AUTHENTICATION, VISA, Shop
from tests.functions.test_saga_steps import Crash, run, steps_of

LATER = timedelta(hours=1)


async def overdue(shop: Shop, order_id: str) -> None:
    assert await shop.orders.stop_overdue(datetime.now(UTC) + LATER) == (order_id,)


async def resumed(shop: Shop, order_id: str) -> None:
    assert await shop.orders.resume(order_id, WaitsFor.BUYER)


async def canceled(shop: Shop, order_id: str) -> None:
    await shop.orders.stop(order_id, StopReason.CANCELED, "buyer")


async def test_an_order_waits_for_its_buyer_with_its_units_kept(shop: Shop) -> None:
    mug = await shop.offer(5)
    await shop.accept("o1", {mug: 2}, NEEDS_AUTHENTICATION)
    for _ in range(2):
        await run(steps_of(shop), "o1")
    order = await shop.orders.get("o1")
    assert (order.status, order.waits_for) == (OrderStatus.ACCEPTED, WaitsFor.BUYER)
    assert await shop.orders.client_secret("o1", "buyer") == "pi_o1_secret"
    assert await shop.stock(mug) == (5, 3)
    assert shop.processor.calls == ["authorize", "authorization"]


async def test_a_buyer_who_says_so_without_having_authenticated_is_asked_again(shop: Shop) -> None:
    mug = await shop.offer(5)
    await shop.accept("o1", {mug: 2}, NEEDS_AUTHENTICATION)
    await run(steps_of(shop), "o1")
    until = (await shop.orders.get("o1")).waits_until
    await resumed(shop, "o1")
    await run(steps_of(shop), "o1")
    order = await shop.orders.get("o1")
    assert (order.waits_for, order.waits_until) == (WaitsFor.BUYER, until)


@pytest.mark.parametrize(
    ("passed", "goes_on", "failure"),
    [
        (True, resumed, None),
        (False, resumed, "authentication_failed"),
        (None, overdue, "authentication_expired"),
        (True, overdue, "authentication_expired"),
        (None, canceled, "canceled_by_buyer"),
        (True, canceled, "canceled_by_buyer"),
    ],
)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_crash_at_any_call_of_a_waiting_order_changes_nothing_about_the_end(
    *,
    shop: Shop,
    passed: bool | None,
    goes_on: Callable[[Shop, str], Awaitable[None]],
    failure: str | None,
    after: bool,
) -> None:
    at = 0
    while True:
        at += 1
        order_id = f"o{at}"
        mug = await shop.offer(5, product_id=order_id)
        await shop.accept(order_id, {mug: 2}, NEEDS_AUTHENTICATION)
        crash = Crash(at=at, after=after)
        steps = steps_of(shop, crash)
        await run(steps, order_id)
        if passed is not None:
            shop.processor.authenticate(order_id, passed=passed)
        await goes_on(shop, order_id)
        await run(steps, order_id)
        order = await shop.orders.get(order_id)
        intent = shop.processor.intents[f"pi_{order_id}"]
        if failure is None:
            assert (order.status, intent, await shop.stock(mug)) == (OrderStatus.CAPTURED, "succeeded", (3, 3))
        else:
            assert (order.status, order.failure, intent) == (OrderStatus.FAILED, failure, "canceled")
            assert await shop.stock(mug) == (5, 5)
        if crash.calls < at:
            break
    assert at > 7, "the crash must have been injected at several calls"


class _Between:
    """Lets something happen before the `at`-th call to any port."""

    def __init__(self, at: int, happens: Callable[[], Awaitable[None]]) -> None:
        self.at = at
        self.calls = 0
        self._happens = happens

    def around(self, port: Any) -> Any:
        between = self

        class Injected:
            def __getattr__(self, name: str) -> Any:
                async def call(*args: Any, **arguments: Any) -> Any:
                    between.calls += 1
                    if between.calls == between.at:
                        await between._happens()
                    return await getattr(port, name)(*args, **arguments)

                return call

        return Injected()


@pytest.mark.parametrize("payment_method", [VISA, NEEDS_AUTHENTICATION])
async def test_a_cancellation_between_any_two_calls_wins_or_comes_too_late(shop: Shop, payment_method: str) -> None:
    at, ends = 0, set()
    while True:
        at += 1
        order_id = f"o{at}"
        mug = await shop.offer(5, product_id=order_id)
        await shop.accept(order_id, {mug: 2}, payment_method)
        refused = False

        async def cancel(order_id: str = order_id) -> None:
            nonlocal refused
            try:
                await canceled(shop, order_id)
            except TooLateToStop:
                refused = True

        between = _Between(at, cancel)
        steps = steps_of(shop, between)
        await run(steps, order_id)
        if (await shop.orders.get(order_id)).waits_for is WaitsFor.BUYER:
            shop.processor.authenticate(order_id, passed=True)
            await resumed(shop, order_id)
            await run(steps, order_id)
        order = await shop.orders.get(order_id)
        intent = shop.processor.intents.get(f"pi_{order_id}")
        if between.calls < at:
            break
        ends.add(order.status)
        if refused:
            assert (order.status, intent, await shop.stock(mug)) == (OrderStatus.CAPTURED, "succeeded", (3, 3))
            assert {share.state for share in order.sellers} == {SellerOrderState.HELD}
        elif order.status is OrderStatus.FAILED:
            # What was canceled before it was cleared of fraud was never shown to the buyer's bank.
            cleared = await shop.assessments.of(order_id) is not None
            left = "canceled" if cleared else None
            assert (order.failure, intent, await shop.stock(mug)) == ("canceled_by_buyer", left, (5, 5))
        else:
            assert order.stop_reason is StopReason.CANCELED, "not noticed yet: the next execution undoes it"
            await run(steps, order_id)
            assert (await shop.orders.get(order_id)).failure == "canceled_by_buyer"
    assert ends >= {OrderStatus.CAPTURED, OrderStatus.FAILED}
