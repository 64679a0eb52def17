"""Orders: what one checkout places, one sub-order per seller, and the states of both.

`commerce.transitions` says how an order goes from one state to the next.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from commerce.catalog import Offer, check_on_offer
from commerce.errors import InvalidRequest, MarketplaceError
from commerce.money import BASIS_POINTS, Money, total

_ORDERS = uuid.UUID("5b0f3a52-52a1-4a4c-9c55-5ab5b9a1d1f4")


class OrderStatus(StrEnum):
    """accepted -> authorized -> confirmed -> captured -> fulfilled; failed from any state before captured."""

    ACCEPTED = "accepted"
    AUTHORIZED = "authorized"
    CONFIRMED = "confirmed"
    CAPTURED = "captured"
    FULFILLED = "fulfilled"
    FAILED = "failed"

    @property
    def terminal(self) -> bool:
        return self in (OrderStatus.FULFILLED, OrderStatus.FAILED)


class SellerOrderState(StrEnum):
    """pending -> held (captured, the share is kept back) -> released (may be paid out); or canceled or refunded."""

    PENDING = "pending"
    HELD = "held"
    RELEASED = "released"
    REVERSED = "reversed"
    REFUNDED = "refunded"
    CANCELED = "canceled"


class WaitsFor(StrEnum):
    """Whom an open order waits for: its buyer (3-D Secure) or a reviewer (suspected fraud)."""

    BUYER = "buyer"
    REVIEW = "review"


class StopReason(StrEnum):
    """Why an order is stopped before it is paid: the `failure` that it ends with."""

    CANCELED = "canceled_by_buyer"
    NOT_AUTHENTICATED = "authentication_expired"
    NOT_REVIEWED = "review_expired"
    REJECTED = "rejected_by_review"


class StockState(StrEnum):
    """Whether an order line's units left the stock. A line that was restored is never confirmed again."""

    UNCONFIRMED = "unconfirmed"
    CONFIRMED = "confirmed"
    RESTORED = "restored"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    offer_id: str
    product_id: str
    seller_id: str
    title: str
    quantity: int
    unit_price: Money

    @property
    def subtotal(self) -> Money:
        return self.unit_price * self.quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class SellerOrder:
    """One seller's part of an order. `held_until` is null until the order is fulfilled."""

    seller_id: str
    seller_name: str
    gross: Money
    commission: Money
    net: Money
    state: SellerOrderState
    held_until: datetime | None = None
    transfer_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """`failure` is the code of what went wrong (`payment_declined`, `sold_out`, ...), null unless failed.

    While `waits_for` is set nothing goes on, until the order is resumed or `waits_until` has passed, which stays when
    the order is resumed. With a `stop_reason` the saga takes the way back at its next step.
    """

    order_id: str
    buyer_id: str
    status: OrderStatus
    total: Money
    payment_method: str
    lines: tuple[OrderLine, ...]
    sellers: tuple[SellerOrder, ...]
    accepted_at: datetime
    stock: StockState = StockState.UNCONFIRMED
    payment_intent_id: str | None = None
    charge_id: str | None = None
    failure: str | None = None
    cart_revision: str | None = None
    waits_for: WaitsFor | None = None
    waits_until: datetime | None = None
    stop_reason: str | None = None

    @property
    def quantities(self) -> Mapping[str, int]:
        """Offer id to the units ordered."""
        return {line.offer_id: line.quantity for line in self.lines}

    @property
    def keeps_units(self) -> bool:
        """Whether this order keeps units from other buyers: it has taken them, or still waits for them."""
        return self.stock is not StockState.RESTORED

    @property
    def awaits_split(self) -> bool:
        """Whether a share is still pending: the ledger does not have this order's money yet."""
        return any(share.state is SellerOrderState.PENDING for share in self.sellers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """A buyer's request to buy `lines` (offer id to quantity), priced when it is accepted.

    `expected_total` is the total that the buyer saw, in minor units; when given, another total is refused
    (PriceChanged). `cart_revision` is the state of the cart that the lines come from, None without a cart: each state
    of a cart is bought once, whatever the order id, unless its order failed.
    """

    order_id: str
    buyer_id: str
    lines: Mapping[str, int]
    payment_method: str
    currency: str
    commission_basis_points: int
    expected_total: int | None = None
    cart_revision: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """An accepted order. With `replayed` the same order id or the same cart had been accepted before: nothing was
    written, and id, total and status are those of the earlier order."""

    order_id: str
    total: Money
    status: OrderStatus = OrderStatus.ACCEPTED
    replayed: bool = False

    @classmethod
    def earlier(cls, order: Order) -> Accepted:
        """The answer to a request whose order exists."""
        return cls(order_id=order.order_id, total=order.total, status=order.status, replayed=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPage:
    """`next_cursor` is opaque, null on the last page."""

    items: tuple[Order, ...]
    next_cursor: str | None


def order_id_for(buyer_id: str, key: str) -> str:
    """The order id of one attempt to buy: the same buyer and key (an Idempotency-Key, else the cart's revision)
    always give the same id, so that a repeated request finds its order and makes no second one."""
    return str(uuid.uuid5(_ORDERS, f"{buyer_id}\n{key}"))


def commission(gross: Money, basis_points: int) -> Money:
    """The platform's part of a seller's gross: `gross * basis_points / 10_000` rounded half to even, once per
    seller order (never per line). The SQL function `commission` of the order database repeats this rule."""
    if not 0 <= basis_points <= BASIS_POINTS:
        raise InvalidRequest(f"A commission is between 0 and 10000 basis points, not {basis_points}.")
    return gross.basis_points(basis_points)


def seller_orders(lines: tuple[OrderLine, ...], names: Mapping[str, str], basis_points: int) -> tuple[SellerOrder, ...]:
    """The sub-orders of `lines`, one per seller in the order of their ids; their gross amounts sum to the total."""
    gross: dict[str, Money] = {}
    for line in lines:
        gross[line.seller_id] = gross[line.seller_id] + line.subtotal if line.seller_id in gross else line.subtotal
    return tuple(
        SellerOrder(
            seller_id=seller_id,
            seller_name=names[seller_id],
            gross=gross[seller_id],
            commission=(fee := commission(gross[seller_id], basis_points)),
            net=gross[seller_id] - fee,
            state=SellerOrderState.PENDING,
        )
        for seller_id in sorted(gross)
    )


def place(checkout: Checkout, offers: Mapping[str, Offer], names: Mapping[str, str], now: datetime) -> Order:
    """The order of a checkout at the prices of `offers` (by id), with the sellers' `names`.

    Raises NotOnOffer and PriceChanged. The accept statement of the PostgreSQL adapter repeats this rule.
    """
    check_on_offer(checkout.lines, offers, checkout.currency)
    lines = tuple(
        OrderLine(
            offer_id=offer_id,
            product_id=offers[offer_id].product_id,
            seller_id=offers[offer_id].seller_id,
            title=offers[offer_id].title,
            quantity=checkout.lines[offer_id],
            unit_price=offers[offer_id].unit_price,
        )
        for offer_id in sorted(checkout.lines)
    )
    order = Order(
        order_id=checkout.order_id,
        buyer_id=checkout.buyer_id,
        status=OrderStatus.ACCEPTED,
        total=total((line.subtotal for line in lines), checkout.currency),
        payment_method=checkout.payment_method,
        lines=lines,
        sellers=seller_orders(lines, names, checkout.commission_basis_points),
        accepted_at=now,
        cart_revision=checkout.cart_revision,
    )
    if checkout.expected_total is not None and checkout.expected_total != order.total.amount:
        raise PriceChanged(checkout.expected_total, order.total.amount)
    return order


class OrderNotFound(MarketplaceError):
    status = 404
    code = "order-not-found"
    title = "There is no such order"

    def __init__(self, order_id: str) -> None:
        super().__init__(f"There is no order {order_id}, or it belongs to somebody else.", order_id=order_id)
        self.order_id = order_id


class PriceChanged(MarketplaceError):
    """The total is not what the buyer saw. Amounts in minor units."""

    status = 409
    code = "price-changed"
    title = "The price has changed"

    def __init__(self, expected_total: int, total: int) -> None:
        super().__init__(
            f"The total is {total}, not {expected_total}. Show the buyer the new total and check out again.",
            expected_total=expected_total,
            total=total,
        )
        self.expected_total = expected_total
        self.total = total


class IllegalTransition(MarketplaceError):
    """An order is in a state from which this operation is not possible, now or on any retry."""

    status = 409
    code = "illegal-transition"
    title = "The order's state does not allow this"

    def __init__(self, order_id: str, operation: str, state: str, advice: str = "") -> None:
        super().__init__(
            f"Order {order_id} is {state}: {operation} is not possible.{advice}",
            order_id=order_id,
            operation=operation,
            state=state,
        )
        self.order_id = order_id
        self.operation = operation
        self.state = state


class TooLateToStop(IllegalTransition):
    """The order is being paid or is paid: stopping it is no longer possible."""

    code = "too-late-to-cancel"
    title = "The order can no longer be canceled"

    def __init__(self, order_id: str, state: str) -> None:
        super().__init__(order_id, "stop", state, " Its money is being taken or was taken. Ask for a refund.")


class OrderWaits(MarketplaceError):
    """The order waits for somebody. Nothing is wrong: it is taken up again once it is resumed."""

    status = 409
    code = "order-waits"
    title = "The order waits"

    def __init__(self, order_id: str, waits_for: str) -> None:
        super().__init__(f"Order {order_id} waits for the {waits_for}.", order_id=order_id, waits_for=waits_for)
        self.order_id = order_id
        self.waits_for = waits_for


class OrderStopped(MarketplaceError):
    """The order was stopped before it was paid: what was done so far is undone."""

    status = 409
    code = "order-stopped"
    title = "The order was stopped"

    def __init__(self, order_id: str, reason: str) -> None:
        super().__init__(f"Order {order_id} was stopped ({reason}).", order_id=order_id, reason=reason)
        self.order_id = order_id
        self.reason = reason
