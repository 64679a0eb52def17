from __future__ import annotations

from collections import Counter

import pytest
from commerce_samples import NOON
from hypothesis import given
from hypothesis import strategies as st

from commerce.errors import InvalidRequest
from commerce.ledger import (
    COMMISSION,
    PROCESSOR,
    Entry,
    LedgerTransaction,
    Unbalanced,
    capture_transaction,
    held,
    payable,
    refund_transaction,
    release_transaction,
    reversal_transaction,
    transaction,
    transfer_transaction,
)
from commerce.money import Money, total
from commerce.orders import Order, OrderLine, OrderStatus, SellerOrder, seller_orders


def order_of(prices: dict[str, int], basis_points: int) -> Order:
    lines = tuple(
        OrderLine(
            offer_id=f"offer-{seller_id}",
            product_id="product",
            seller_id=seller_id,
            title="title",
            quantity=1,
            unit_price=Money(price, "usd"),
        )
        for seller_id, price in prices.items()
    )
    return Order(
        order_id="order",
        buyer_id="buyer",
        status=OrderStatus.CAPTURED,
        total=total((line.subtotal for line in lines), "usd"),
        payment_method="pm",
        lines=lines,
        sellers=seller_orders(lines, {seller_id: seller_id for seller_id in prices}, basis_points),
        accepted_at=NOON,
    )


orders = st.builds(
    order_of,
    st.dictionaries(st.sampled_from(["ada", "ben", "cleo", "dan"]), st.integers(1, 10**8), min_size=1),
    st.integers(0, 10_000),
)


def balances(*transactions: LedgerTransaction) -> Counter[str]:
    sums: Counter[str] = Counter()
    for posted in transactions:
        for entry in posted.entries:
            sums[entry.account] += entry.amount.amount
    return sums


def released(order: Order) -> list[LedgerTransaction]:
    return [release_transaction(order.order_id, part.seller_id, part.net) for part in order.sellers]


def transferred(order: Order) -> list[LedgerTransaction]:
    return [transfer_transaction(order.order_id, part.seller_id, part.net) for part in order.sellers]


@given(orders)
def test_a_captured_order_is_held_for_its_sellers_to_the_last_cent(order: Order) -> None:
    sums = balances(capture_transaction(order))
    assert sum(sums.values()) == 0
    assert sums[PROCESSOR] == order.total.amount
    assert all(sums[held(part.seller_id)] == -part.net.amount for part in order.sellers)


@given(orders)
def test_after_every_transfer_only_the_commission_is_left(order: Order) -> None:
    sums = balances(capture_transaction(order), *released(order), *transferred(order))
    fees = sum(part.commission.amount for part in order.sellers)
    assert {account: amount for account, amount in sums.items() if amount} == (
        {PROCESSOR: fees, COMMISSION: -fees} if fees else {}
    )


@given(orders, st.data())
def test_a_refund_never_touches_another_seller(order: Order, data: st.DataObject) -> None:
    part: SellerOrder = data.draw(st.sampled_from(order.sellers))
    amount = Money(data.draw(st.integers(1, part.gross.amount)), "usd")
    returned = data.draw(st.booleans())
    refund = refund_transaction("order", part, "re_1", amount, released=False, commission_returned=returned)
    before = balances(capture_transaction(order))
    after = balances(capture_transaction(order), refund)
    changed = {account for account in after if after[account] != before[account]}
    assert changed <= {PROCESSOR, COMMISSION, held(part.seller_id)}
    assert after[PROCESSOR] == order.total.amount - amount.amount
    assert sum(after.values()) == 0


@given(orders)
def test_an_order_refunded_whole_before_release_leaves_nothing(order: Order) -> None:
    refunds = [
        refund_transaction("order", part, "re", part.gross, released=False, commission_returned=True)
        for part in order.sellers
    ]
    assert not any(balances(capture_transaction(order), *refunds).values())


@given(orders)
def test_a_refund_after_the_transfer_is_covered_by_its_reversal(order: Order) -> None:
    history = [capture_transaction(order), *released(order), *transferred(order)]
    for part in order.sellers:
        history.append(reversal_transaction("order", part.seller_id, "re", part.net))
        history.append(refund_transaction("order", part, "re", part.gross, released=True, commission_returned=True))
    assert not any(balances(*history).values())


def test_a_refund_without_its_reversal_shows_as_the_sellers_debt() -> None:
    order = order_of({"ada": 1000}, 1000)
    (part,) = order.sellers
    refund = refund_transaction("order", part, "re", part.gross, released=True, commission_returned=False)
    sums = balances(capture_transaction(order), *released(order), *transferred(order), refund)
    assert sums[payable("ada")] == 1000


def test_more_than_the_gross_is_never_refunded() -> None:
    (part,) = order_of({"ada": 1000}, 1000).sellers
    with pytest.raises(InvalidRequest, match="between 1 and the gross"):
        refund_transaction("order", part, "re", Money(1001, "usd"), released=False, commission_returned=True)


def test_an_unbalanced_transaction_cannot_be_built() -> None:
    with pytest.raises(Unbalanced) as refusal:
        transaction("t", "o", [("a", Money(5, "usd")), ("b", Money(-4, "usd"))])
    assert refusal.value.sums == {"usd": 1}


def test_a_transaction_balances_in_each_currency_by_itself() -> None:
    with pytest.raises(Unbalanced):
        transaction("t", "o", [("a", Money(5, "usd")), ("b", Money(-5, "eur"))])


def test_equal_facts_are_equal_transactions() -> None:
    one = transaction("t", "o", [("a", Money(5, "usd")), ("b", Money(-3, "usd")), ("b", Money(-2, "usd"))])
    assert one == transaction("t", "o", [("b", Money(-5, "usd")), ("a", Money(5, "usd")), ("c", Money(0, "usd"))])
    assert one.entries == (
        Entry(account="a", amount=Money(5, "usd")),
        Entry(account="b", amount=Money(-5, "usd")),
    )
