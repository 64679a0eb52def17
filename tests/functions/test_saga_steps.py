"""The steps of the saga on real stores, with a crash injected before and after every single call to a port."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import asyncpg
import pytest

from commerce.adapters.memory.measures import MemoryMeasures
from commerce.errors import InvariantBroken
from commerce.fraud import Decider, Thresholds
from commerce.fraud_check import FraudCheck
from commerce.money import Money
from commerce.orders import IllegalTransition, OrderStatus, SellerOrderState, StopReason, WaitsFor
from commerce.payments import PaymentRefused
from functions.checkout.saga import CHECKOUT, StepName
from functions.checkout.steps import CheckoutSteps
from tests.functions.conftest import CALM, DECLINED, DECLINED_AT_CAPTURE, VISA, Shop

FORWARD = [step.name for step in CHECKOUT.steps]
UNDO = [compensation.name for compensation in CHECKOUT.compensations]


class Injection(Protocol):
    """What happens around the calls to the ports."""

    def around(self, port: Any) -> Any: ...


class CrashError(Exception):
    """The process died."""


@dataclass
class Crash:
    """Dies at the `at`-th call of any port, before the call is made or after it took effect."""

    at: int
    after: bool
    calls: int = 0

    def around(self, port: Any) -> Any:
        return _Crashing(port, self)


class _Crashing:
    def __init__(self, port: Any, crash: Crash) -> None:
        self._port = port
        self._crash = crash

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)
        assert inspect.iscoroutinefunction(method)

        async def call(*args: Any, **arguments: Any) -> Any:
            self._crash.calls += 1
            due = self._crash.calls == self._crash.at
            if due and not self._crash.after:
                raise CrashError
            result = await method(*args, **arguments)
            if due:
                raise CrashError
            return result

        return call


def steps_of(shop: Shop, injection: Injection | None = None) -> CheckoutSteps:
    around = injection.around if injection else lambda port: port
    return CheckoutSteps(
        orders=around(shop.orders),
        carts=around(shop.carts),
        offers=around(shop.offers),
        gate=around(shop.gate),
        payments=around(shop.processor),
        fraud=FraudCheck(
            scorer=around(shop.scorer),
            pace=around(shop.pace),
            assessments=around(shop.assessments),
            thresholds=Thresholds(review=0.5, refuse=0.97),
            measures=MemoryMeasures(),
        ),
    )


async def run(steps: CheckoutSteps, order_id: str) -> None:
    """What the workflow does: forward, or from a refusal through the compensations it names; faults are retried."""
    for step in CHECKOUT.steps:
        if error := await retried(steps, step.name, order_id):
            start = next(one.compensate_from for one in step.refusals if one.error == error)
            for compensation in UNDO[UNDO.index(start) :] if start else ():
                await retried(steps, compensation, order_id, error)
            return


async def retried(steps: CheckoutSteps, step: StepName, order_id: str, error: str | None = None) -> str:
    try:
        return await steps.run(step, order_id, error)
    except CrashError:
        return await steps.run(step, order_id, error)


async def test_an_order_is_paid_taken_from_the_stock_and_split(shop: Shop) -> None:
    mug = await shop.offer(5)
    lamp = await shop.offer(2, seller_id="lights", product_id="lamp")
    await shop.accept("o1", {mug: 2, lamp: 1})
    await run(steps_of(shop), "o1")
    order = await shop.orders.get("o1")
    assert order.status is OrderStatus.CAPTURED
    assert {share.state for share in order.sellers} == {SellerOrderState.HELD}
    assert (await shop.stock(mug), await shop.stock(lamp)) == ((3, 3), (1, 1))
    assert await shop.ledger.balance("stripe") == {"usd": 3000}
    assert await shop.ledger.balance("seller:lights:held") == {"usd": -900}


async def test_sold_units_do_not_come_back_when_the_reservation_would_have_expired(shop: Shop) -> None:
    mug = await shop.offer(5)
    await shop.accept("o1", {mug: 2})
    await run(steps_of(shop), "o1")
    assert await shop.gate.sweep(datetime.now(UTC) + timedelta(days=1)) == 0
    assert await shop.stock(mug) == (3, 3)


async def test_a_charge_of_another_amount_is_not_taken_for_the_payment(shop: Shop) -> None:
    mug = await shop.offer(5)
    await shop.accept("o1", {mug: 2})
    steps = steps_of(shop)
    await steps.run(StepName.AUTHORIZE, "o1")
    await steps.run(StepName.CONFIRM_STOCK, "o1")
    shop.processor.amounts["pi_o1"] = Money(1999, "usd")
    with pytest.raises(InvariantBroken, match=r"costs .* but charge ch_o1 took"):
        await steps.run(StepName.CAPTURE, "o1")
    assert (await shop.orders.get("o1")).charge_id is None


async def test_every_step_may_be_repeated(shop: Shop) -> None:
    mug = await shop.offer(5)
    await shop.accept("o1", {mug: 2})
    steps = steps_of(shop)
    for step in FORWARD:
        await steps.run(step, "o1")
        await steps.run(step, "o1")
    for step in FORWARD:
        await steps.run(step, "o1")
    assert await shop.stock(mug) == (3, 3)
    assert await shop.ledger.balance("stripe") == {"usd": 2000}
    assert shop.processor.calls == ["authorize", "capture"]


@pytest.mark.parametrize(
    ("payment_method", "units", "failure"),
    [(VISA, 5, None), (VISA, 0, "sold_out"), (DECLINED, 5, "payment_declined"),
     (DECLINED_AT_CAPTURE, 5, "payment_declined")],
)  # fmt: skip
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_crash_at_any_call_changes_nothing_about_the_end(
    shop: Shop, pool: asyncpg.Pool, *, payment_method: str, units: int, failure: str | None, after: bool
) -> None:
    at = 0
    while True:
        at += 1
        order_id = f"o{at}"
        mug = await shop.offer(5, product_id=order_id)
        await shop.carts.clear("buyer")
        await shop.carts.set_item("buyer", mug, 3)
        await shop.accept(order_id, {mug: 2}, payment_method)
        await pool.execute("UPDATE offers SET stock = $2 WHERE offer_id = $1", mug, units)
        crash = Crash(at=at, after=after)
        await run(steps_of(shop, crash), order_id)
        order = await shop.orders.get(order_id)
        intent = shop.processor.intents.get(f"pi_{order_id}")
        assert (await shop.carts.get("buyer")).items == {mug: 1 if failure is None else 3}
        authority, gate = await shop.stock(mug)
        if failure is None:
            assert (order.status, intent, authority, gate) == (OrderStatus.CAPTURED, "succeeded", 3, 3)
            assert {share.state for share in order.sellers} == {SellerOrderState.HELD}
        else:
            assert (order.status, order.failure) == (OrderStatus.FAILED, failure)
            assert intent in (None, "canceled")
            assert (authority, gate) == (units, units)
            assert {share.state for share in order.sellers} == {SellerOrderState.CANCELED}
        if crash.calls < at:
            break
    assert at > 5, "the crash must have been injected at several calls"


async def test_an_order_that_looks_fraudulent_fails_before_its_bank_is_asked(shop: Shop) -> None:
    shop.scorer.model = replace(CALM, intercept=9.0)
    mug = await shop.offer(5)
    await shop.accept("o1", {mug: 2})
    await run(steps_of(shop), "o1")
    order = await shop.orders.get("o1")
    assert (order.status, order.failure) == (OrderStatus.FAILED, "fraud_refused")
    assert shop.processor.calls == []
    assert await shop.stock(mug) == (5, 5)


async def test_an_order_under_review_waits_and_its_bank_is_asked_once_it_is_approved(shop: Shop) -> None:
    shop.scorer.model = replace(CALM, intercept=1.0)
    mug = await shop.offer(5)
    await shop.accept("o1", {mug: 2})
    for _ in range(2):
        await run(steps_of(shop), "o1")
        order = await shop.orders.get("o1")
        assert (order.status, order.waits_for) == (OrderStatus.ACCEPTED, WaitsFor.REVIEW)
    assert shop.processor.calls == []
    await shop.orders.stop("o1", StopReason.REJECTED)
    await run(steps_of(shop), "o1")
    order = await shop.orders.get("o1")
    assert (order.status, order.failure) == (OrderStatus.FAILED, "rejected_by_review")
    assert shop.processor.calls == [], "what was never asked for is not canceled either"
    assert await shop.stock(mug) == (5, 5)


async def test_without_the_scorer_an_ordinary_order_is_sold_by_the_rules(shop: Shop) -> None:
    shop.scorer.model = None
    mug = await shop.offer(5)
    await shop.accept("o1", {mug: 2})
    await run(steps_of(shop), "o1")
    assert (await shop.orders.get("o1")).status is OrderStatus.CAPTURED
    kept = await shop.assessments.of("o1")
    assert kept is not None
    assert (kept.decided_by, kept.score) == (Decider.RULES, None)


async def test_a_refusal_is_returned_and_a_fault_is_raised(shop: Shop) -> None:
    mug = await shop.offer(5)
    await shop.accept("refused", {mug: 1}, DECLINED)
    assert await steps_of(shop).run(StepName.AUTHORIZE, "refused") == "PaymentDeclined"
    await shop.accept("canceled", {mug: 1})
    steps = steps_of(shop)
    assert await steps.run(StepName.AUTHORIZE, "canceled") == ""
    assert await steps.run(StepName.CONFIRM_STOCK, "canceled") == ""
    await shop.processor.cancel(order_id="canceled", payment_intent_id="pi_canceled")
    with pytest.raises(PaymentRefused):
        await steps.run(StepName.CAPTURE, "canceled")


async def test_an_authorization_whose_answer_was_lost_is_found_and_canceled(shop: Shop) -> None:
    mug = await shop.offer(5)
    order = await shop.accept("o1", {mug: 1})
    await shop.processor.authorize(order_id="o1", amount=order.total, payment_method=VISA)
    steps = steps_of(shop)
    await steps.run(StepName.SCORE, "o1")
    for compensation in UNDO:
        await steps.run(compensation, "o1", "PaymentUnavailable")
    assert shop.processor.intents == {"pi_o1": "canceled"}
    assert (await shop.orders.get("o1")).failure == "payment_unavailable"
    assert await shop.stock(mug) == (5, 5)


async def test_a_failed_order_puts_its_lines_beside_what_is_in_the_cart_by_now(shop: Shop, pool: asyncpg.Pool) -> None:
    mug, lamp = await shop.offer(5), await shop.offer(5, product_id="lamp")
    await shop.carts.set_item("buyer", mug, 2)
    await shop.accept("o1", {mug: 2})
    await pool.execute("UPDATE offers SET stock = 0 WHERE offer_id = $1", mug)
    await shop.carts.take("buyer", "o1", {mug: 2})
    await shop.carts.set_item("buyer", lamp, 1)
    await run(steps_of(shop), "o1")
    assert (await shop.orders.get("o1")).failure == "sold_out"
    assert (await shop.carts.get("buyer")).items == {mug: 2, lamp: 1}


async def test_an_order_whose_cart_has_forgotten_it_leaves_the_cart_alone(shop: Shop, pool: asyncpg.Pool) -> None:
    mug = await shop.offer(5)
    await shop.accept("o1", {mug: 2})
    await pool.execute("UPDATE orders SET accepted_at = now() - interval '2 days'")
    await shop.carts.set_item("buyer", mug, 3)
    await steps_of(shop).run(StepName.AUTHORIZE, "o1")
    await steps_of(shop).run(StepName.FAIL_ORDER, "o1", "SoldOut")
    assert (await shop.carts.get("buyer")).items == {mug: 3}


async def test_a_failed_order_is_never_taken_up_again(shop: Shop) -> None:
    mug = await shop.offer(5)
    await shop.accept("o1", {mug: 1})
    steps = steps_of(shop)
    for compensation in UNDO:
        await steps.run(compensation, "o1", "SoldOut")
    for step in FORWARD:
        with pytest.raises(IllegalTransition):
            await steps.run(step, "o1")
    assert "capture" not in shop.processor.calls
    assert await shop.stock(mug) == (5, 5)


async def test_a_paid_order_is_not_undone(shop: Shop) -> None:
    mug = await shop.offer(5)
    await shop.accept("o1", {mug: 1})
    steps = steps_of(shop)
    await run(steps, "o1")
    for compensation in UNDO:
        with pytest.raises(IllegalTransition):
            await steps.run(compensation, "o1", "PaymentUnavailable")
    assert shop.processor.intents == {"pi_o1": "succeeded"}
    assert await shop.stock(mug) == (4, 4)


async def test_an_unknown_failure_is_told_as_an_error_of_ours(shop: Shop) -> None:
    mug = await shop.offer(5)
    await shop.accept("o1", {mug: 1})
    await steps_of(shop).run(StepName.FAIL_ORDER, "o1", "ConnectionDoesNotExistError")
    assert (await shop.orders.get("o1")).failure == "internal_error"
