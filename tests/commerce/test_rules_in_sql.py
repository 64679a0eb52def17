"""Some rules are repeated in SQL, where it is faster, and every rule's result is stored by each adapter: the rule, the
store in memory and the one in PostgreSQL get the same generated cases and must come to the same results."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from both_stores import BothStores
from commerce_samples import NOON, RETURN_WINDOW, MarketPorts, account_state, checkout, hold
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from order_cases import BASIS_POINTS, OFFER_IDS, OPERATIONS, SELLERS, lines, orders, shops

from commerce import transitions
from commerce.catalog import MAXIMUM_STOCK, MAXIMUM_UNIT_PRICE, Offer, OfferChange
from commerce.currencies import check_chargeable
from commerce.dispatch import Patience, Redispatched
from commerce.errors import MarketplaceError
from commerce.events import DomainEvent, EventType
from commerce.inventory import SoldOut, available, check_in_stock
from commerce.ledger import (
    capture_transaction,
    payable,
    refund_transaction,
    release_transaction,
    transfer_transaction,
)
from commerce.money import Money
from commerce.orders import Order, OrderStatus, SellerOrderState, commission, place
from commerce.payouts import Payout, PayoutState, may_release
from commerce.transitions import TRANSITIONS, Operation, Verdict

MINUTE = timedelta(minutes=1)
FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def stores(pool: asyncpg.Pool) -> BothStores:
    return BothStores(pool)


def facts(error: MarketplaceError | None) -> tuple[object, ...] | None:
    return None if error is None else (type(error), error.detail, error.context)


async def events_of(market: MarketPorts) -> tuple[DomainEvent, ...]:
    return tuple(replace(recorded.event, occurred_at=None) for recorded in await market.events.take(5, MINUTE))


@pytest.mark.parametrize(("name", "arguments"), OPERATIONS)
@settings(FEW, max_examples=20)
@given(data=st.data(), shop=shops())
async def test_every_operation_on_an_order_in_any_state(
    stores: BothStores, data: st.DataObject, shop: dict[str, Offer], name: str, arguments: tuple[Any, ...]
) -> None:
    due = [status for status, verdict in TRANSITIONS[Operation(name)].items() if verdict is Verdict.GO]
    order = data.draw(orders(shop, statuses=data.draw(st.sampled_from([due, due, tuple(OrderStatus)]))))
    expected, moved, posted, error, changes = order, dict.fromkeys(shop, 0), None, None, False
    told: tuple[DomainEvent, ...] = ()
    try:
        if transition := getattr(transitions, name)(order, *arguments):
            if short := [one for one, units in transition.stock.items() if shop[one].stock + units < 0]:
                raise SoldOut(short)
            expected, moved, posted = transition.order, {**moved, **transition.stock}, transition.posts
            told, changes = transition.events, True
    except MarketplaceError as refusal:
        error = refusal
    await stores.open(shop)
    await stores.put(order, untouched=MINUTE)
    before = await stores.touched_at(order.order_id)
    for market in stores.markets:
        caught = None
        try:
            await getattr(market.orders, name)(order.order_id, *arguments)
        except MarketplaceError as refusal:
            caught = refusal
        assert facts(caught) == facts(error)
        assert await market.orders.get(order.order_id) == expected
        listings = await market.offers.get(shop)
        assert {one: listings[one].offer.stock - shop[one].stock for one in shop} == moved
        assert await market.ledger.get((posted or capture_transaction(order)).transaction_id) == posted
        assert await events_of(market) == told
    after = await stores.touched_at(order.order_id)
    assert [then < now for then, now in zip(before, after, strict=True)] == [changes, changes]


@FEW
@given(
    shop=shops(currencies=("usd", "usd", "usd", "eur")),
    wanted=st.one_of(lines(), lines((*OFFER_IDS, "ghost"))),
    basis_points=BASIS_POINTS,
    off=st.sampled_from([None, 0, 0, 1, -1]),
)
async def test_a_checkout_is_priced_or_refused(
    stores: BothStores, shop: dict[str, Offer], wanted: dict[str, int], basis_points: int, off: int | None
) -> None:
    seen = sum(shop[one].unit_price.amount * units for one, units in wanted.items() if one in shop)
    wish = checkout("o1", wanted, basis_points=basis_points, expected_total=None if off is None else seen + off)
    expected, error = None, None
    try:
        expected = place(wish, shop, SELLERS, NOON)
        check_chargeable(expected.total)
        check_in_stock(expected, shop)
    except MarketplaceError as refusal:
        error = refusal
    await stores.open(shop)
    for market in stores.markets:
        if error is None:
            assert expected is not None
            assert (await market.orders.accept(wish)).total == expected.total
            assert replace(await market.orders.get("o1"), accepted_at=NOON) == expected
            assert [(d.order_id, d.attempt) for d in await market.outbox.take(5, MINUTE)] == [("o1", 1)]
            assert await events_of(market) == (transitions.order_event(EventType.ORDER_ACCEPTED, expected),)
        else:
            with pytest.raises(MarketplaceError) as refused:
                await market.orders.accept(wish)
            assert facts(refused.value) == facts(error)
            assert (await market.orders.page(9, None, "buyer")).items == ()
            assert await market.outbox.take(5, MINUTE) == ()
            assert await events_of(market) == ()


NEAR_STOCK = st.one_of(st.integers(-8, 8), st.sampled_from([-MAXIMUM_STOCK, MAXIMUM_STOCK - 1, MAXIMUM_STOCK]))
NEAR_PRICE = st.sampled_from([-1, 0, 0, 1, 500, MAXIMUM_UNIT_PRICE - 1, MAXIMUM_UNIT_PRICE, MAXIMUM_UNIT_PRICE + 1])
OFF = st.sampled_from([None, 0, 0, 1, -1])


@FEW
@given(
    shop=shops(), units=NEAR_STOCK, price=NEAR_PRICE, currency=st.sampled_from(["usd", "eur"]), off=st.tuples(OFF, OFF)
)
async def test_an_offer_is_changed_or_left_as_it_is(
    *,
    stores: BothStores,
    shop: dict[str, Offer],
    units: int,
    price: int,
    currency: str,
    off: tuple[int | None, int | None],
) -> None:
    offer_id, offer = next(iter(shop.items()))
    unit_price = Money(price, currency)
    change = OfferChange(
        stock=units,
        expected_stock=None if off[0] is None else offer.stock + off[0],
        expected_price=None if off[1] is None else offer.unit_price.amount + off[1],
    )
    expected, error = offer, None
    try:
        expected = change.of(offer, "New title", unit_price)
    except MarketplaceError as refusal:
        error = refusal
    await stores.open(shop)
    for market in stores.markets:
        caught = None
        try:
            assert await market.offers.change(offer_id, "New title", unit_price, change) == expected
        except MarketplaceError as refusal:
            caught = refusal
        assert facts(caught) == facts(error)
        offers = {one: listing.offer for one, listing in (await market.offers.get(shop)).items()}
        assert offers == {**shop, offer_id: expected}


@settings(FEW, max_examples=30)
@given(cases=st.lists(st.tuples(st.integers(1, 10**12), st.integers(0, 10_000)), min_size=1, max_size=50))
async def test_a_commission_is_rounded(pool: asyncpg.Pool, cases: list[tuple[int, int]]) -> None:
    """The SQL function by itself, with amounts and ties beyond those of an order."""
    cases += [(gross, 2500) for gross in range(1, 20)]
    rows = await pool.fetch(
        "SELECT commission(g, b) AS fee FROM unnest($1::bigint[], $2::integer[]) AS c (g, b)",
        [gross for gross, _ in cases],
        [basis_points for _, basis_points in cases],
    )
    assert [row["fee"] for row in rows] == [commission(Money(gross, "usd"), points).amount for gross, points in cases]


@FEW
@given(data=st.data(), shop=shops(), number=st.integers(1, 5))
async def test_units_that_can_still_be_ordered(
    stores: BothStores, data: st.DataObject, shop: dict[str, Offer], number: int
) -> None:
    placed = [data.draw(orders(shop, f"o{one}")) for one in range(number)]
    left = {one: available(shop[one], placed) for one in shop}
    await stores.open(shop)
    for order in placed:
        await stores.put(order)
    for market in stores.markets:
        assert await market.offers.available([*shop, "ghost"]) == left
        snapshot = await market.offers.snapshot(shop, [*(order.order_id for order in placed), "reservation"])
        assert snapshot.available == left
        assert snapshot.ordered == {order.order_id for order in placed if order.keeps_units}
        shown = {one: listing.available for one, listing in (await market.offers.get(shop)).items()}
        assert shown == {one: max(units, 0) for one, units in left.items()}
        listings = await market.offers.listings([offer.product_id for offer in shop.values()])
        assert {each.offer.offer_id: each.available for (each,) in listings.values()} == shown


@FEW
@given(
    data=st.data(),
    shop=shops(),
    ages=st.lists(st.integers(0, 60), unique=True, min_size=1, max_size=5),
    patience=st.builds(
        Patience,
        idle=st.integers(0, 10).map(lambda minutes: minutes * MINUTE),
        fulfillment_idle=st.integers(0, 20).map(lambda minutes: minutes * MINUTE),
        dispatches=st.integers(1, 4),
    ),
    limit=st.integers(1, 5),
)
async def test_orders_that_stand_still_are_queued_again_or_given_up(
    *,
    stores: BothStores,
    data: st.DataObject,
    shop: dict[str, Offer],
    ages: list[int],
    patience: Patience,
    limit: int,
) -> None:
    await stores.open(shop)
    queued, still = set(), {}
    for minutes in sorted(ages, reverse=True):
        order = data.draw(orders(shop, f"o{minutes}", statuses=(*OrderStatus, *[OrderStatus.CAPTURED] * 4)))
        dispatches, waits = data.draw(st.integers(1, 5)), data.draw(st.sampled_from([False, False, True]))
        resumes = data.draw(st.sampled_from([0, 0, 1]))
        # Half a minute away from every limit: the clock of the test goes on.
        untouched = minutes * MINUTE + MINUTE / 2
        attempt = dispatches + resumes
        await stores.put(order, dispatches=attempt, resumes=resumes, untouched=untouched, queued=waits)
        if waits:
            queued.add((order.order_id, attempt))
        elif patience.stands_still(order, dispatches, untouched):
            still[order.order_id] = dispatches, attempt
    chosen = dict(list(still.items())[:limit])
    given_up = {order_id for order_id, (dispatches, _) in chosen.items() if dispatches == patience.dispatches}
    again = {(order_id, attempt + 1) for order_id, (_, attempt) in chosen.items() if order_id not in given_up}
    for market in stores.markets:
        result = await market.outbox.redispatch(patience, limit)
        assert result == Redispatched(queued=len(again), given_up=tuple(sorted(given_up)))
        assert {(d.order_id, d.attempt) for d in await market.outbox.take(10, MINUTE)} == queued | again


@FEW
@given(
    data=st.data(),
    shop=shops(),
    number=st.integers(1, 4),
    ready=st.fixed_dictionaries({seller_id: st.sampled_from(["active", "inactive"]) for seller_id in SELLERS}),
    windows=st.integers(-1, 2),
)
async def test_shares_are_released_and_claimed_alike_and_never_for_more_than_is_owed(
    *,
    stores: BothStores,
    data: st.DataObject,
    shop: dict[str, Offer],
    number: int,
    ready: dict[str, str],
    windows: int,
) -> None:
    now = NOON + windows * RETURN_WINDOW
    statuses = (OrderStatus.CAPTURED, *[OrderStatus.FULFILLED] * 4)
    placed = [data.draw(orders(shop, f"o{one}", statuses)) for one in range(number)]
    shares = [(order, share) for order in placed for share in order.sellers]
    refunds = [data.draw(st.integers(0, share.gross.amount)) for _, share in shares]
    held_back = data.draw(st.sampled_from([*((order.order_id, share.seller_id) for order, share in shares), None]))
    await stores.open(shop, {seller_id: f"acct_{seller_id}" for seller_id in SELLERS})
    for order in placed:
        await stores.put(order)
    claimed: list[list[Payout]] = []
    for market in stores.markets:
        for seller_id, transfers in ready.items():
            await market.accounts.record(account_state(f"acct_{seller_id}", transfers))
        await _post(market, placed, refunds)
        if held_back is not None:
            await market.holds.place(hold(*held_back))
        due = [
            (order, share)
            for order, share in shares
            if may_release(share, now, on_hold=(order.order_id, share.seller_id) == held_back)
        ]
        assert await market.payouts.release_due(now) == len(due)
        owed = {
            (seller_id, currency): -amount
            for seller_id in SELLERS
            for currency, amount in (await market.ledger.balance(payable(seller_id))).items()
        }
        payouts = sorted(await market.payouts.claim(now), key=lambda one: (one.order_id, one.seller_id))
        claimed.append(payouts)
        for (seller_id, currency), most in owed.items():
            sums = [
                one.amount.amount for one in payouts if (one.seller_id, one.amount.currency) == (seller_id, currency)
            ]
            assert sum(sums) <= max(0, most)
        for one in payouts:
            assert one.state is PayoutState.CLAIMED
            assert one.amount.amount > 0
            assert ready[one.seller_id] == "active"
            assert (one.order_id, one.seller_id) != held_back
    assert claimed[0] == claimed[1]


async def _post(market: MarketPorts, placed: list[Order], refunds: list[int]) -> None:
    """What the ledger has of these orders: captured, released and transferred as their shares say, and refunds."""
    left = list(refunds)
    for order in placed:
        await market.ledger.post(capture_transaction(order))
        for share in order.sellers:
            released = share.state is not SellerOrderState.HELD and order.status is OrderStatus.FULFILLED
            if released:
                await market.ledger.post(release_transaction(order.order_id, share.seller_id, share.net))
                if share.transfer_id:
                    await market.ledger.post(transfer_transaction(order.order_id, share.seller_id, share.net))
            if amount := left.pop(0):
                refund = Money(amount, order.total.currency)
                await market.ledger.post(
                    refund_transaction(order.order_id, share, "re", refund, released=released, commission_returned=True)
                )
