"""What each operation of the checkout saga demands of an order, and what it makes of it.

An adapter locks the order, asks here, and stores the answer in the same database transaction. It decides nothing
itself, so all adapters behave alike. Each function returns None when there is nothing to do, and raises
IllegalTransition when the order's state forbids the operation for good.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum, StrEnum, auto

from commerce.events import Data, DomainEvent, EventType
from commerce.ledger import LedgerTransaction, capture_transaction, fee_transaction
from commerce.money import Money
from commerce.orders import (
    IllegalTransition,
    Order,
    OrderStatus,
    OrderStopped,
    OrderWaits,
    SellerOrderState,
    StockState,
    StopReason,
    TooLateToStop,
    WaitsFor,
)
from commerce.payouts import held_until


class Operation(StrEnum):
    """The operations of `commerce.ports.Orders` that change an order."""

    RECORD_AUTHORIZATION = "record_authorization"
    CONFIRM_STOCK = "confirm_stock"
    RECORD_CAPTURE = "record_capture"
    RECORD_SPLIT = "record_split"
    MARK_FULFILLED = "mark_fulfilled"
    FAIL = "fail"
    RESTORE_STOCK = "restore_stock"
    WAIT = "wait"
    RESUME = "resume"
    STOP = "stop"


class Verdict(Enum):
    """GO: the operation is due. DONE: it has happened before. NO: it is refused, now and on any retry."""

    GO = auto()
    DONE = auto()
    NO = auto()


GO, DONE, NO = Verdict

# No state is skipped, nothing goes back, and an order whose money was taken does not fail: that would be a refund.
# fmt: off
TRANSITIONS: Mapping[Operation, Mapping[OrderStatus, Verdict]] = {
    operation: dict(zip(OrderStatus, verdicts, strict=True))
    for operation, verdicts in {
        #                               accepted  authorized  confirmed  captured  fulfilled  failed
        Operation.RECORD_AUTHORIZATION: (GO,      DONE,       DONE,      DONE,     DONE,      NO),
        Operation.CONFIRM_STOCK:        (NO,      GO,         DONE,      DONE,     DONE,      NO),
        Operation.RECORD_CAPTURE:       (NO,      NO,         GO,        DONE,     DONE,      NO),
        Operation.RECORD_SPLIT:         (NO,      NO,         NO,        GO,       DONE,      NO),
        Operation.MARK_FULFILLED:       (NO,      NO,         NO,        GO,       DONE,      NO),
        Operation.FAIL:                 (GO,      GO,         GO,        NO,       NO,        DONE),
        Operation.RESTORE_STOCK:        (GO,      GO,         GO,        NO,       NO,        DONE),
        Operation.WAIT:                 (GO,      GO,         NO,        NO,       NO,        NO),
        Operation.RESUME:               (GO,      GO,         DONE,      DONE,     DONE,      DONE),
        # Once the stock is taken the capture may be under way, so the order can no longer be stopped.
        Operation.STOP:                 (GO,      GO,         NO,        NO,       NO,        DONE),
    }.items()
}
# fmt: on
EXPIRED: Mapping[WaitsFor, StopReason] = {
    WaitsFor.BUYER: StopReason.NOT_AUTHENTICATED,
    WaitsFor.REVIEW: StopReason.NOT_REVIEWED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """The order as it becomes, and what is stored together with it.

    `stock` maps offer id to the units to add, negative for a sale: when the stock of an offer would become negative,
    the order is sold out and nothing is stored. `posts` goes to the ledger, `events` to the event log. With `dispatch`
    the order's flow is started again, as its next attempt.
    """

    order: Order
    stock: Mapping[str, int] = field(default_factory=dict)
    posts: LedgerTransaction | None = None
    events: tuple[DomainEvent, ...] = ()
    dispatch: bool = False


def order_event(type: EventType, order: Order, **data: str) -> DomainEvent:
    """What happened to an order. The accept statement of the PostgreSQL adapter repeats this rule."""
    facts: Data = {"buyer_id": order.buyer_id, "total": order.total.amount, "currency": order.total.currency}
    return DomainEvent(type=type, subject_id=order.order_id, data={**facts, **data})


def record_authorization(order: Order, payment_intent_id: str) -> Transition | None:
    """Also of an order that was stopped meanwhile: what is to be canceled must be known."""
    due = _is_due(order, Operation.RECORD_AUTHORIZATION)
    if order.payment_intent_id not in (None, payment_intent_id):
        raise IllegalTransition(order.order_id, "a second authorization", order.status)
    if not due:
        return None
    waits_for = None if order.waits_for is WaitsFor.BUYER else order.waits_for
    return Transition(
        order=replace(order, status=OrderStatus.AUTHORIZED, payment_intent_id=payment_intent_id, waits_for=waits_for)
    )


def confirm_stock(order: Order) -> Transition | None:
    _must_keep_units(order, Operation.CONFIRM_STOCK)
    if not _is_due(order, Operation.CONFIRM_STOCK):
        return None
    must_go_on(order)
    return Transition(
        order=replace(order, status=OrderStatus.CONFIRMED, stock=StockState.CONFIRMED),
        stock={offer_id: -quantity for offer_id, quantity in order.quantities.items()},
    )


def record_capture(order: Order, charge_id: str, fee: int = 0) -> Transition | None:
    _must_keep_units(order, Operation.RECORD_CAPTURE)
    if _is_due(order, Operation.RECORD_CAPTURE):
        return Transition(
            order=replace(order, status=OrderStatus.CAPTURED, charge_id=charge_id),
            posts=fee_transaction(order.order_id, charge_id, Money(fee, order.total.currency)) if fee else None,
            events=(order_event(EventType.ORDER_CAPTURED, order),),
        )
    if order.charge_id != charge_id:
        raise IllegalTransition(order.order_id, "a second capture", order.status)
    return None


def record_split(order: Order) -> Transition | None:
    if not _is_due(order, Operation.RECORD_SPLIT) or not order.awaits_split:
        return None
    return Transition(order=_with_shares(order, SellerOrderState.HELD), posts=capture_transaction(order))


def mark_fulfilled(order: Order, now: datetime, return_window: timedelta) -> Transition | None:
    if not _is_due(order, Operation.MARK_FULFILLED):
        return None
    if order.awaits_split:
        raise IllegalTransition(order.order_id, Operation.MARK_FULFILLED, "not split between its sellers yet")
    until = held_until(now, return_window)
    shares = tuple(
        replace(share, held_until=until) if share.state is SellerOrderState.HELD else share for share in order.sellers
    )
    return Transition(
        order=replace(order, status=OrderStatus.FULFILLED, sellers=shares),
        events=(order_event(EventType.ORDER_FULFILLED, order),),
    )


def fail(order: Order, code: str) -> Transition | None:
    """The units go back, too. The code of the first failure stays; an order that was stopped fails for that reason."""
    if not _is_due(order, Operation.FAIL):
        return None
    canceled = _with_shares(order, SellerOrderState.CANCELED)
    return Transition(
        order=replace(
            canceled,
            status=OrderStatus.FAILED,
            stock=StockState.RESTORED,
            failure=order.stop_reason or code,
            waits_for=None,
        ),
        stock=_units_to_return(order),
        events=(order_event(EventType.ORDER_FAILED, order, failure=order.stop_reason or code),),
    )


def restore_stock(order: Order) -> Transition | None:
    """Also for an order whose units were not taken yet: they never are then."""
    if not _is_due(order, Operation.RESTORE_STOCK) or not order.keeps_units:
        return None
    return Transition(order=replace(order, stock=StockState.RESTORED), stock=_units_to_return(order))


def wait(order: Order, waits_for: WaitsFor, until: datetime, payment_intent_id: str | None = None) -> Transition | None:
    """The order waits, at most until `until`. Waiting again for the same payment does not make it longer.

    Raises OrderStopped.
    """
    _is_due(order, Operation.WAIT)
    if order.stop_reason is not None:
        raise OrderStopped(order.order_id, order.stop_reason)
    if payment_intent_id is not None and payment_intent_id == order.payment_intent_id:
        until = order.waits_until or until
    elif order.payment_intent_id is not None and payment_intent_id is not None:
        raise IllegalTransition(order.order_id, "a second authorization", order.status)
    if order.waits_for is waits_for:
        return None
    return Transition(
        order=replace(
            order,
            waits_for=waits_for,
            waits_until=until,
            payment_intent_id=payment_intent_id or order.payment_intent_id,
        )
    )


def resume(order: Order, waits_for: WaitsFor) -> Transition | None:
    """Whom the order waited for has done its part: the saga is started again and looks at what it was. None when it
    does not wait for that."""
    if not _is_due(order, Operation.RESUME) or order.waits_for is not waits_for:
        return None
    return Transition(order=replace(order, waits_for=None), dispatch=True)


def payment_moved(order: Order, payment_intent_id: str) -> Transition | None:
    """The processor says that a payment is in another state: resume the order if it waits for just that."""
    return resume(order, WaitsFor.BUYER) if order.payment_intent_id == payment_intent_id else None


def stop(order: Order, reason: str) -> Transition | None:
    """End the order before it is paid; the first reason stays. The saga undoes what it did, at its next step.

    Raises TooLateToStop.
    """
    if TRANSITIONS[Operation.STOP][order.status] is NO:
        raise TooLateToStop(order.order_id, order.status)
    if not _is_due(order, Operation.STOP) or order.stop_reason is not None:
        return None
    return Transition(order=replace(order, stop_reason=reason, waits_for=None), dispatch=order.waits_for is not None)


def stop_overdue(order: Order, now: datetime) -> Transition | None:
    """Stop an order that has waited too long. None for one that was taken up meanwhile."""
    if order.waits_for is None or order.waits_until is None or now < order.waits_until:
        return None
    return stop(order, EXPIRED[order.waits_for])


def must_go_on(order: Order) -> None:
    """Raises OrderStopped or OrderWaits: then no step forward is made."""
    if order.stop_reason is not None:
        raise OrderStopped(order.order_id, order.stop_reason)
    if order.waits_for is not None:
        raise OrderWaits(order.order_id, order.waits_for)


def _is_due(order: Order, operation: Operation) -> bool:
    verdict = TRANSITIONS[operation][order.status]
    if verdict is NO:
        raise IllegalTransition(order.order_id, operation, order.status)
    return verdict is GO


def _must_keep_units(order: Order, operation: Operation) -> None:
    """A compensation has begun: an order whose units went back is neither confirmed nor paid any more."""
    if not order.keeps_units:
        raise IllegalTransition(order.order_id, operation, "giving its stock back")


def _units_to_return(order: Order) -> Mapping[str, int]:
    if order.stock is not StockState.CONFIRMED:
        return {}
    return order.quantities


def _with_shares(order: Order, state: SellerOrderState) -> Order:
    return replace(order, sellers=tuple(replace(share, state=state) for share in order.sellers))
