"""What each step of the checkout saga does.

A step may run any number of times, after a crash at any point of itself, and always comes to the same end: it reads
the order's state first, the database's transitions are idempotent by that state, and the payment processor's by keys
made of the order id.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta

from commerce import transitions
from commerce.cart import remembers
from commerce.errors import InvariantBroken, MarketplaceError
from commerce.fraud import Decision, FraudRefused
from commerce.fraud_check import FraudCheck
from commerce.inventory import SoldOut
from commerce.orders import IllegalTransition, Order, OrderStatus, OrderStopped, OrderWaits, WaitsFor
from commerce.payments import (
    AuthenticationFailed,
    AuthenticationRequired,
    PaymentDeclined,
    PaymentRefused,
    PaymentUnavailable,
)
from commerce.ports import Carts, Offers, Orders, PaymentGateway, StockGate
from commerce.stock_keeping import StockKeeper
from functions.checkout.saga import CHECKOUT, StepName

_log = logging.getLogger(__name__)
INTERNAL_ERROR = "internal_error"
# How long a buyer may take to authenticate the payment. The units of the order are kept for so long.
AUTHENTICATION_TIME = timedelta(minutes=30)
# How long an administrator may take to look at an order. The units of the order are kept for so long.
REVIEW_TIME = timedelta(hours=24)
_REASONS: tuple[type[MarketplaceError], ...] = (
    AuthenticationFailed,
    FraudRefused,
    AuthenticationRequired,
    PaymentDeclined,
    PaymentRefused,
    PaymentUnavailable,
    SoldOut,
)
# The workflow knows an error by the name of its class; buyers read the code of the business fact.
FAILURES: Mapping[str, str] = {reason.__name__: reason.code.replace("-", "_") for reason in _REASONS}


class CheckoutSteps:
    """The steps over their ports."""

    def __init__(
        self,
        *,
        orders: Orders,
        carts: Carts,
        offers: Offers,
        gate: StockGate,
        payments: PaymentGateway,
        fraud: FraudCheck,
    ) -> None:
        self._orders = orders
        self._carts = carts
        self._gate = gate
        self._stock = StockKeeper(gate=gate, offers=offers)
        self._payments = payments
        self._fraud = fraud

    async def run(self, step: StepName, order_id: str, error: str | None = None) -> str:
        """Runs one step; `error` is the class name of the failure that led to a compensation.

        Returns the refusal of the buyer's bank or of the stock, or that the order waits or was stopped, as the class
        name of a business error among `Saga.expected_refusals`; empty when there was none. Raises PaymentRefused and
        IllegalTransition as faults that no retry mends; anything else that it raises is a fault worth a retry.
        """
        try:
            await self._run(step, order_id, error)
        except MarketplaceError as refusal:
            name = type(refusal).__name__
            if name not in CHECKOUT.expected_refusals(step):
                raise
            _log.warning("step refused", extra={"error": name, "detail": refusal.detail})
            return name
        return ""

    async def _run(self, step: StepName, order_id: str, error: str | None) -> None:
        steps: Mapping[StepName, Callable[[str], Awaitable[None]]] = {
            StepName.SCORE: self._score,
            StepName.AUTHORIZE: self._authorize,
            StepName.CONFIRM_STOCK: self._confirm_stock,
            StepName.CAPTURE: self._capture,
            StepName.RECORD_SPLIT: self._orders.record_split,
            StepName.CANCEL_AUTHORIZATION: self._cancel_authorization,
            StepName.RELEASE_STOCK: self._release_stock,
        }
        if step is StepName.FAIL_ORDER:
            await self._fail_order(order_id, FAILURES.get(error or "", INTERNAL_ERROR))
        else:
            await steps[step](order_id)

    async def _score(self, order_id: str) -> None:
        """Before anything is asked of the buyer's bank: a refused order leaves no trace there."""
        order = await self._open_order(order_id, StepName.SCORE)
        if order.stop_reason is not None:
            raise OrderStopped(order_id, order.stop_reason)
        if order.status is not OrderStatus.ACCEPTED:
            return
        assessment = await self._fraud.assess(order)
        if assessment.outcome is Decision.REFUSE:
            raise FraudRefused(order_id)
        if assessment.outcome is Decision.REVIEW:
            await self._orders.wait(order_id, WaitsFor.REVIEW, datetime.now(UTC) + REVIEW_TIME)
            raise OrderWaits(order_id, WaitsFor.REVIEW)

    async def _authorize(self, order_id: str) -> None:
        order = await self._open_order(order_id, StepName.AUTHORIZE)
        if order.stop_reason is not None:
            raise OrderStopped(order_id, order.stop_reason)
        if remembers(order.accepted_at, datetime.now(UTC)):
            # For a service that died between accepting the order and taking its lines out of the cart.
            await self._carts.take(order.buyer_id, order_id, order.quantities)
        if order.status is not OrderStatus.ACCEPTED:
            return
        if order.waits_for is WaitsFor.REVIEW:
            raise OrderWaits(order_id, order.waits_for)
        if order.payment_intent_id is None:
            authorization = await self._payments.authorize(
                order_id=order_id, amount=order.total, payment_method=order.payment_method
            )
        else:
            authorization = await self._payments.authorization(
                order_id=order_id, payment_intent_id=order.payment_intent_id
            )
        if authorization.client_secret is not None:
            until = datetime.now(UTC) + AUTHENTICATION_TIME
            await self._orders.wait_for_buyer(
                order_id, authorization.payment_intent_id, authorization.client_secret, until
            )
            raise OrderWaits(order_id, WaitsFor.BUYER)
        await self._orders.record_authorization(order_id, authorization.payment_intent_id)

    async def _confirm_stock(self, order_id: str) -> None:
        try:
            await self._orders.confirm_stock(order_id)
        except SoldOut as short:
            # The gate's counter was too high. Correct it, so that no further order is accepted for these units.
            await self._stock.reconcile(short.offer_ids)
            raise
        await self._gate.consume(order_id)

    async def _capture(self, order_id: str) -> None:
        order = await self._open_order(order_id, StepName.CAPTURE)
        if order.charge_id is not None:
            return
        if order.status is not OrderStatus.CONFIRMED or order.payment_intent_id is None:
            raise IllegalTransition(order_id, StepName.CAPTURE, order.status)
        capture = await self._payments.capture(order_id=order_id, payment_intent_id=order.payment_intent_id)
        if capture.amount != order.total:
            raise InvariantBroken(
                f"Order {order_id} costs {order.total}, but charge {capture.charge_id} took {capture.amount}. "
                "Find out why before any money is split.",
                order_id=order_id,
                charge_id=capture.charge_id,
            )
        await self._orders.record_capture(order_id, capture.charge_id, capture.fee)

    async def _cancel_authorization(self, order_id: str) -> None:
        order = await self._orders.get(order_id)
        if order.charge_id is not None:
            raise IllegalTransition(order_id, StepName.CANCEL_AUTHORIZATION, order.status)
        payment_intent_id = order.payment_intent_id
        if payment_intent_id is None and await self._fraud.cleared(order_id):
            payment_intent_id = await self._lost_authorization(order)
        if payment_intent_id is not None:
            await self._payments.cancel(order_id=order_id, payment_intent_id=payment_intent_id)

    async def _release_stock(self, order_id: str) -> None:
        await self._orders.restore_stock(order_id)
        await self._gate.release(order_id)

    async def _fail_order(self, order_id: str, code: str) -> None:
        """The cart first: a buyer who reads that the order failed finds its lines there again."""
        order = await self._orders.get(order_id)
        transitions.fail(order, code)  # raises when the order was paid
        if remembers(order.accepted_at, datetime.now(UTC)):
            await self._carts.give_back(order.buyer_id, order_id, order.quantities)
        await self._orders.fail(order_id, code)

    async def _open_order(self, order_id: str, step: StepName) -> Order:
        order = await self._orders.get(order_id)
        if order.status is OrderStatus.FAILED:
            raise IllegalTransition(order_id, step, order.status)
        return order

    async def _lost_authorization(self, order: Order) -> str | None:
        """The payment intent of an authorization whose answer never reached the database; None when there is none.

        Asking again with the same idempotency key gives the first answer again. If the first request had not arrived
        either, this one sets the money aside for the moment until it is canceled.
        """
        try:
            authorization = await self._payments.authorize(
                order_id=order.order_id, amount=order.total, payment_method=order.payment_method
            )
        except AuthenticationRequired as waiting:
            return waiting.payment_intent_id or None
        except (PaymentDeclined, PaymentRefused):
            return None
        return authorization.payment_intent_id
