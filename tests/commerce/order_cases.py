"""Generated offers, generated orders in every state that they can be in, and the operations on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from commerce_samples import NOON, RETURN_WINDOW, checkout, offer
from hypothesis import strategies as st

from commerce.catalog import Offer
from commerce.orders import Order, OrderStatus, SellerOrder, SellerOrderState, StockState, StopReason, WaitsFor, place

SELLERS = {"ada": "Ada's House", "ben": "Ben's Tea"}
OFFER_IDS = ("kite", "lamp", "rug", "tea")
BASIS_POINTS = st.sampled_from([0, 1, 1250, 2500, 5000, 9999, 10_000])

# The operations of `commerce.transitions` with their arguments, some of them naming another payment.
OPERATIONS: list[tuple[str, tuple[Any, ...]]] = [
    ("record_authorization", ("pi",)),
    ("record_authorization", ("pi of another payment",)),
    ("confirm_stock", ()),
    ("record_capture", ("ch",)),
    ("record_capture", ("ch", 59)),
    ("record_capture", ("ch of another payment",)),
    ("record_split", ()),
    ("mark_fulfilled", (NOON, RETURN_WINDOW)),
    ("fail", ("sold_out",)),
    ("restore_stock", ()),
    ("wait", (WaitsFor.BUYER, NOON)),
    ("wait", (WaitsFor.REVIEW, NOON)),
    ("resume", (WaitsFor.BUYER,)),
    ("resume", (WaitsFor.REVIEW,)),
    ("stop", (StopReason.CANCELED,)),
]

_KEPT = (SellerOrderState.HELD, SellerOrderState.RELEASED, SellerOrderState.REVERSED, SellerOrderState.REFUNDED)
# Of each status: whether the stock was confirmed, or restored, and the states of the sub-orders.
_STATES = {
    OrderStatus.ACCEPTED: ((StockState.UNCONFIRMED, StockState.RESTORED), (SellerOrderState.PENDING,)),
    OrderStatus.AUTHORIZED: ((StockState.UNCONFIRMED, StockState.RESTORED), (SellerOrderState.PENDING,)),
    OrderStatus.CONFIRMED: ((StockState.CONFIRMED, StockState.RESTORED), (SellerOrderState.PENDING,)),
    OrderStatus.CAPTURED: ((StockState.CONFIRMED,), (SellerOrderState.PENDING, SellerOrderState.HELD)),
    OrderStatus.FULFILLED: ((StockState.CONFIRMED,), _KEPT),
    OrderStatus.FAILED: ((StockState.RESTORED,), (SellerOrderState.CANCELED,)),
}
_PAID = (OrderStatus.CAPTURED, OrderStatus.FULFILLED)
_OPEN = (OrderStatus.ACCEPTED, OrderStatus.AUTHORIZED)
# Whether an open order goes on, waits, was resumed after it had waited for its buyer, or is stopped.
_COURSES = [
    {},
    {},
    {"waits_for": WaitsFor.BUYER, "waits_until": NOON, "payment_intent_id": "pi"},
    {"waits_for": WaitsFor.REVIEW, "waits_until": NOON},
    {"waits_until": NOON, "payment_intent_id": "pi"},
    {"stop_reason": StopReason.NOT_REVIEWED},
]


@st.composite
def shops(draw: st.DrawFn, currencies: tuple[str, ...] = ("usd",)) -> dict[str, Offer]:
    """Offers by id. Small prices meet the ties of rounding."""
    prices = st.one_of(st.integers(1, 50), st.integers(50, 5_000), st.integers(1, 10**8))
    return {
        offer_id: offer(
            offer_id,
            draw(st.sampled_from(sorted(SELLERS))),
            draw(prices),
            draw(st.integers(0, 4)),
            currency=draw(st.sampled_from(currencies)),
        )
        for offer_id in OFFER_IDS
    }


def lines(offer_ids: tuple[str, ...] = OFFER_IDS) -> st.SearchStrategy[dict[str, int]]:
    return st.dictionaries(st.sampled_from(offer_ids), st.integers(1, 3), min_size=1)


@st.composite
def orders(
    draw: st.DrawFn, shop: dict[str, Offer], order_id: str = "o1", statuses: Sequence[OrderStatus] = tuple(OrderStatus)
) -> Order:
    """An order of `shop` with one of `statuses`."""
    placed = checkout(order_id, draw(lines()), basis_points=draw(BASIS_POINTS))
    order = place(placed, shop, SELLERS, NOON)
    status = draw(st.sampled_from(statuses))
    stock, shares = _STATES[status]
    one_by_one = status is OrderStatus.FULFILLED
    state = draw(st.sampled_from(shares))
    stopped = status is OrderStatus.FAILED and draw(st.booleans())
    order = replace(
        order,
        status=status,
        stock=draw(st.sampled_from(stock)),
        stop_reason=StopReason.NOT_REVIEWED if stopped else None,
        payment_intent_id=None if status is OrderStatus.ACCEPTED else "pi",
        charge_id="ch" if status in _PAID else None,
        failure="payment_declined" if status is OrderStatus.FAILED else None,
        sellers=tuple(
            draw(_fulfilled(share)) if one_by_one else replace(share, state=state) for share in order.sellers
        ),
    )
    return replace(order, **draw(st.sampled_from(_COURSES))) if status in _OPEN else order


@st.composite
def _fulfilled(draw: st.DrawFn, share: SellerOrder) -> SellerOrder:
    state = draw(st.sampled_from(_KEPT))
    transferred = state is not SellerOrderState.HELD and draw(st.booleans())
    return replace(
        share,
        state=state,
        held_until=NOON + draw(st.integers(0, 2)) * RETURN_WINDOW,
        transfer_id=f"tr_{share.seller_id}" if transferred else None,
    )
