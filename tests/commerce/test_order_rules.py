from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from commerce_samples import NOON, RETURN_WINDOW, checkout, offer
from hypothesis import given
from hypothesis import strategies as st
from order_cases import OPERATIONS, SELLERS, orders, shops

from commerce import transitions
from commerce.catalog import Offer
from commerce.dispatch import Patience
from commerce.errors import InvalidRequest, MarketplaceError
from commerce.inventory import SoldOut
from commerce.money import Money, total
from commerce.orders import (
    IllegalTransition,
    OrderLine,
    OrderStatus,
    OrderStopped,
    OrderWaits,
    SellerOrder,
    SellerOrderState,
    commission,
    order_id_for,
    place,
    seller_orders,
)
from commerce.payouts import held_until, may_release
from commerce.transitions import TRANSITIONS, Operation

order_lines = st.lists(
    st.builds(
        OrderLine,
        offer_id=st.uuids().map(str),
        product_id=st.just("product"),
        seller_id=st.sampled_from(["ada", "ben", "cleo"]),
        title=st.just("title"),
        quantity=st.integers(1, 999),
        unit_price=st.integers(1, 10**8).map(lambda amount: Money(amount, "usd")),
    ),
    min_size=1,
    max_size=8,
).map(tuple)
NAMES = {"ada": "Ada", "ben": "Ben", "cleo": "Cleo"}
ACCEPTED = place(checkout("o1", {"tea": 1}), {"tea": offer("tea", "ben", 450, 1)}, SELLERS, NOON)
WAY = {
    (OrderStatus.ACCEPTED, OrderStatus.AUTHORIZED),
    (OrderStatus.AUTHORIZED, OrderStatus.CONFIRMED),
    (OrderStatus.CONFIRMED, OrderStatus.CAPTURED),
    (OrderStatus.CAPTURED, OrderStatus.FULFILLED),
    (OrderStatus.ACCEPTED, OrderStatus.FAILED),
    (OrderStatus.AUTHORIZED, OrderStatus.FAILED),
    (OrderStatus.CONFIRMED, OrderStatus.FAILED),
}


def share(state: SellerOrderState, until: datetime | None = None, transfer_id: str | None = None) -> SellerOrder:
    return SellerOrder(
        seller_id="ada",
        seller_name="Ada",
        gross=Money(1000, "usd"),
        commission=Money(100, "usd"),
        net=Money(900, "usd"),
        state=state,
        held_until=until,
        transfer_id=transfer_id,
    )


@given(order_lines, st.integers(0, 10_000))
def test_the_shares_and_the_commission_of_an_order_sum_to_its_total(
    lines: tuple[OrderLine, ...], basis_points: int
) -> None:
    shares = seller_orders(lines, NAMES, basis_points)
    paid = total((line.subtotal for line in lines), "usd")
    assert total((part.net + part.commission for part in shares), "usd") == paid
    assert {part.seller_id for part in shares} == {line.seller_id for line in lines}
    assert all(0 <= part.commission.amount <= part.gross.amount for part in shares)


def test_a_commission_is_rounded_half_to_even_and_never_above_the_gross() -> None:
    assert [commission(Money(gross, "usd"), 2500).amount for gross in (2, 6, 10)] == [0, 2, 2]
    with pytest.raises(InvalidRequest, match="10000 basis points"):
        commission(Money(1, "usd"), 10_001)


@given(st.data(), shops(), st.sampled_from(OPERATIONS))
def test_an_operation_is_done_once_and_goes_one_step_on_the_way(
    data: st.DataObject, shop: dict[str, Offer], operation: tuple[str, tuple[Any, ...]]
) -> None:
    order, (name, arguments) = data.draw(orders(shop)), operation
    try:
        transition = getattr(transitions, name)(order, *arguments)
    except (IllegalTransition, OrderStopped, OrderWaits):
        return
    if transition is not None:
        assert transition.order != order
        assert getattr(transitions, name)(transition.order, *arguments) is None
        assert transition.order.status is order.status or (order.status, transition.order.status) in WAY


def test_every_operation_has_a_row_and_a_function() -> None:
    assert TRANSITIONS.keys() == set(Operation) == {name for name, _ in OPERATIONS}


def test_a_refused_operation_says_what_it_was_and_how_the_order_is() -> None:
    with pytest.raises(IllegalTransition, match="Order o1 is accepted: confirm_stock is not possible"):
        transitions.confirm_stock(ACCEPTED)
    with pytest.raises(IllegalTransition, match="Order o1 is failed: record_authorization is not possible"):
        transitions.record_authorization(replace(ACCEPTED, status=OrderStatus.FAILED), "pi")


def test_each_dispatch_waits_twice_as_long_as_the_one_before_until_the_order_is_given_up() -> None:
    patience = Patience(idle=timedelta(minutes=1), fulfillment_idle=timedelta(hours=1), dispatches=3)
    for dispatches, minutes in ((1, 1), (2, 2), (3, 4)):
        assert patience.stands_still(ACCEPTED, dispatches, timedelta(minutes=minutes))
        assert not patience.stands_still(ACCEPTED, dispatches, timedelta(minutes=minutes, microseconds=-1))
    assert not patience.stands_still(ACCEPTED, 4, timedelta(days=365))


def test_the_same_buyer_and_key_give_the_same_order_and_no_other_do() -> None:
    assert order_id_for("ann", "key") == order_id_for("ann", "key")
    assert len({order_id_for("ann", "key"), order_id_for("bob", "key"), order_id_for("ann", "other")}) == 3


def test_a_share_is_held_until_the_return_window_has_closed() -> None:
    until = held_until(NOON, RETURN_WINDOW)
    assert until == NOON + timedelta(days=14)
    assert not may_release(share(SellerOrderState.HELD, until), until - timedelta(microseconds=1))
    assert may_release(share(SellerOrderState.HELD, until), until)


@pytest.mark.parametrize("state", [state for state in SellerOrderState if state is not SellerOrderState.HELD])
def test_only_a_held_share_is_released(state: SellerOrderState) -> None:
    assert not may_release(share(state, NOON), NOON + timedelta(days=365))


def test_a_share_of_an_order_that_was_not_fulfilled_is_never_released() -> None:
    assert not may_release(share(SellerOrderState.HELD), NOON + timedelta(days=365))


def test_a_time_of_delivery_needs_a_time_zone() -> None:
    with pytest.raises(InvalidRequest, match="time zone"):
        held_until(datetime(2026, 3, 1), RETURN_WINDOW)


def test_an_error_carries_its_status_its_code_and_its_ids() -> None:
    error: MarketplaceError = SoldOut(["b", "a"])
    assert (error.status, error.code, error.context) == (409, "sold-out", {"offer_ids": ["a", "b"]})
    assert "a, b" in error.detail
