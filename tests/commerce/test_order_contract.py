"""What every store of orders does, in memory and in PostgreSQL."""

from __future__ import annotations

from datetime import timedelta

import pytest
from commerce_samples import (
    NOON,
    RETURN_WINDOW,
    MarketPorts,
    checkout,
    confirmed,
    offer,
    stock_of,
    stock_up,
)

from commerce.catalog import MAXIMUM_STOCK, NotOnOffer, OfferChange, OfferChanged, Seller, UnknownOffer, UnknownSeller
from commerce.currencies import AmountNotChargeable
from commerce.errors import InvalidRequest
from commerce.inventory import SoldOut
from commerce.ledger import capture_transaction
from commerce.money import Money
from commerce.orders import IllegalTransition, OrderNotFound, OrderStatus, PriceChanged, SellerOrderState, StockState


@pytest.fixture(autouse=True)
async def shop(market: MarketPorts) -> None:
    await stock_up(market.offers)


async def test_an_accepted_order_is_priced_from_the_offers_and_split_per_seller(market: MarketPorts) -> None:
    accepted = await market.orders.accept(checkout("o1", {"tea": 3, "lamp": 2, "rug": 1}))
    order = await market.orders.get("o1")
    assert accepted.total == order.total == Money(2 * 1999 + 15001 + 3 * 450, "usd")
    assert [(line.offer_id, line.quantity, line.unit_price.amount, line.title) for line in order.lines] == [
        ("lamp", 2, 1999, "Lamp"),
        ("rug", 1, 15001, "Rug"),
        ("tea", 3, 450, "Tea"),
    ]
    assert [(s.seller_name, s.gross.amount, s.commission.amount, s.net.amount) for s in order.sellers] == [
        ("Ada's House", 18999, 2375, 16624),  # 2374.875
        ("Ben's Tea", 1350, 169, 1181),  # 168.75
    ]
    assert order.status is OrderStatus.ACCEPTED
    assert order.stock is StockState.UNCONFIRMED


async def test_an_order_keeps_the_price_and_title_it_was_placed_with(market: MarketPorts) -> None:
    await market.orders.accept(checkout("o1", {"lamp": 1}))
    await market.offers.put(offer("lamp", "ada", 9999, 5))
    await market.offers.rename("product-of-lamp", "Lantern")
    (line,) = (await market.orders.get("o1")).lines
    assert (line.title, line.unit_price.amount) == ("Lamp", 1999)
    assert (await market.offers.get(["lamp"]))["lamp"].offer.title == "Lantern"


async def test_a_new_price_leaves_the_stock_as_it_is(market: MarketPorts) -> None:
    await confirmed(market, "o1", {"lamp": 2})
    repriced = await market.offers.change("lamp", "Lamp", Money(2499, "usd"), OfferChange())
    assert (repriced.unit_price, repriced.stock) == (Money(2499, "usd"), 3)
    assert (await market.offers.get(["lamp"]))["lamp"].offer == repriced
    with pytest.raises(UnknownOffer):
        await market.offers.change("ghost", "Ghost", Money(1, "usd"), OfferChange())


async def test_an_offer_is_created_once(market: MarketPorts) -> None:
    assert await market.offers.create(offer("kite", "ada", 500, 4))
    assert not await market.offers.create(offer("kite", "ada", 900, 9))
    assert (await market.offers.get(["kite"]))["kite"].offer == offer("kite", "ada", 500, 4)
    with pytest.raises(UnknownSeller):
        await market.offers.create(offer("robot", "nobody", 1, 1))


async def test_units_are_added_to_a_stock_that_is_being_sold(market: MarketPorts) -> None:
    await confirmed(market, "o1", {"lamp": 3})
    restocked = await market.offers.change("lamp", "Lamp", Money(1999, "usd"), OfferChange(stock=10))
    assert restocked.stock == await stock_of(market, "lamp") == 12
    for change in (OfferChange(stock=-13), OfferChange(stock=MAXIMUM_STOCK)):
        with pytest.raises(InvalidRequest, match="stock"):
            await market.offers.change("lamp", "Lamp", Money(1999, "usd"), change)
    assert await stock_of(market, "lamp") == 12


@pytest.mark.parametrize("stale", [OfferChange(stock=5, expected_stock=5), OfferChange(expected_price=1)])
async def test_an_offer_that_is_not_as_expected_is_not_changed(market: MarketPorts, stale: OfferChange) -> None:
    await confirmed(market, "o1", {"lamp": 3})
    with pytest.raises(OfferChanged) as refusal:
        await market.offers.change("lamp", "Lamp", Money(1, "usd"), stale)
    assert refusal.value.context == {"offer_id": "lamp", "stock": 2, "unit_price": 1999}
    assert (await market.offers.get(["lamp"]))["lamp"].offer == refusal.value.offer
    as_expected = OfferChange(stock=8, expected_stock=2, expected_price=1999)
    assert (await market.offers.change("lamp", "Lamp", Money(1, "usd"), as_expected)).stock == 10


async def test_offers_are_listed_by_id_a_page_at_a_time(market: MarketPorts) -> None:
    assert await market.offers.ids("", 2) == ("lamp", "rug")
    assert await market.offers.ids("rug", 2) == ("tea",)
    assert await market.offers.ids("tea", 2) == ()


async def test_a_repeated_order_id_changes_nothing(market: MarketPorts) -> None:
    first = await market.orders.accept(checkout("o1", {"lamp": 1}))
    again = await market.orders.accept(checkout("o1", {"rug": 3, "tea": 1}))
    assert not first.replayed
    assert again.replayed
    assert again.total == first.total
    assert len((await market.orders.get("o1")).lines) == 1
    assert len(await market.outbox.take(10, timedelta(minutes=1))) == 1


async def test_a_cart_is_bought_once_whatever_the_order_id(market: MarketPorts) -> None:
    first = await market.orders.accept(checkout("o1", {"lamp": 1}, cart_revision="r1"))
    again = await market.orders.accept(checkout("o2", {"lamp": 1}, cart_revision="r1", expected_total=1))
    assert (again.order_id, again.total, again.replayed) == ("o1", first.total, True)
    bought = await market.orders.of_cart("buyer", "r1")
    assert bought is not None
    assert (bought.order_id, bought.cart_revision) == ("o1", "r1")
    assert len(await market.outbox.take(10, timedelta(minutes=1))) == 1
    changed = await market.orders.accept(checkout("o3", {"lamp": 1}, cart_revision="r2"))
    somebody_else = await market.orders.accept(checkout("o4", {"lamp": 1}, buyer_id="bob", cart_revision="r1"))
    assert not changed.replayed
    assert not somebody_else.replayed


async def test_a_cart_whose_order_failed_may_be_bought_again(market: MarketPorts) -> None:
    await market.orders.accept(checkout("o1", {"lamp": 1}, cart_revision="r1"))
    await market.orders.fail("o1", "payment_declined")
    assert await market.orders.of_cart("buyer", "r1") is None
    same_id = await market.orders.accept(checkout("o1", {"lamp": 1}, cart_revision="r1"))
    assert (same_id.replayed, same_id.status) == (True, OrderStatus.FAILED)
    assert not (await market.orders.accept(checkout("o2", {"lamp": 1}, cart_revision="r1"))).replayed
    assert (await market.orders.accept(checkout("o3", {"lamp": 1}, cart_revision="r1"))).order_id == "o2"


async def test_what_is_not_on_offer_refuses_the_whole_order(market: MarketPorts) -> None:
    await market.offers.put(offer("scarf", "ada", 500, 5, currency="eur"))
    for missing in (("ghost",), ("scarf",), ("ghost", "scarf")):
        with pytest.raises(NotOnOffer) as refusal:
            await market.orders.accept(checkout("o1", {"lamp": 1} | dict.fromkeys(missing, 1)))
        assert refusal.value.offer_ids == missing
    with pytest.raises(OrderNotFound):
        await market.orders.get("o1")
    assert await market.outbox.take(10, timedelta(minutes=1)) == ()


async def test_a_total_the_buyer_did_not_see_is_refused(market: MarketPorts) -> None:
    with pytest.raises(PriceChanged) as refusal:
        await market.orders.accept(checkout("o1", {"lamp": 1}, expected_total=1))
    assert (refusal.value.expected_total, refusal.value.total) == (1, 1999)
    accepted = await market.orders.accept(checkout("o1", {"lamp": 1}, expected_total=1999))
    assert not accepted.replayed


async def test_a_total_that_the_processor_does_not_charge_is_refused(market: MarketPorts) -> None:
    await market.offers.put(offer("pin", "ada", 49, 5))
    await market.offers.put(offer("house", "ada", 99_999_999, 5))
    for lines, total in (({"pin": 1}, 49), ({"house": 1, "pin": 1}, 100_000_048)):
        with pytest.raises(AmountNotChargeable) as refusal:
            await market.orders.accept(checkout("o1", lines))
        assert refusal.value.context == {"total": total, "currency": "usd", "minimum": 50, "maximum": 99_999_999}
    assert (await market.orders.accept(checkout("o1", {"pin": 2}))).total.amount == 98
    assert (await market.orders.accept(checkout("o2", {"house": 1}))).total.amount == 99_999_999


async def test_a_line_that_the_stock_cannot_fill_is_refused_at_once(market: MarketPorts) -> None:
    with pytest.raises(SoldOut) as refusal:
        await market.orders.accept(checkout("o1", {"lamp": 6, "rug": 7, "tea": 5}))
    assert refusal.value.offer_ids == ("lamp", "rug")
    assert (await market.orders.page(9, None, "buyer")).items == ()
    await market.orders.accept(checkout("o1", {"lamp": 5}))
    await market.offers.put(offer("lamp", "ada", 1999, 0))
    assert (await market.orders.accept(checkout("o1", {"lamp": 5}))).replayed


@pytest.mark.parametrize("lines", [{}, {"lamp": 0}, {"lamp": -1}])
async def test_an_order_without_units_is_refused(market: MarketPorts, lines: dict[str, int]) -> None:
    with pytest.raises(InvalidRequest):
        await market.orders.accept(checkout("o1", lines))


async def test_a_buyer_sees_their_own_orders_only(market: MarketPorts) -> None:
    await market.orders.accept(checkout("o1", {"lamp": 1}, buyer_id="ann"))
    await market.orders.accept(checkout("o2", {"tea": 1}, buyer_id="ann"))
    assert [order.order_id for order in (await market.orders.page(9, None, "ann")).items] == ["o2", "o1"]
    assert (await market.orders.page(9, None, "bob")).items == ()
    with pytest.raises(OrderNotFound):
        await market.orders.get("o1", buyer_id="bob")
    with pytest.raises(OrderNotFound):
        await market.orders.accept(checkout("o1", {"lamp": 1}, buyer_id="bob"))


async def test_every_step_of_a_sale_may_be_repeated(market: MarketPorts) -> None:
    orders = market.orders
    await orders.accept(checkout("o1", {"lamp": 2, "tea": 1}))
    for _ in range(2):
        await orders.record_authorization("o1", "pi_1")
    for _ in range(2):
        await orders.confirm_stock("o1")
    assert await stock_of(market, "lamp") == 3
    for _ in range(2):
        await orders.record_capture("o1", "ch_1")
    for _ in range(2):
        await orders.record_split("o1")
    for days in (0, 3):
        await orders.mark_fulfilled("o1", NOON + timedelta(days=days), RETURN_WINDOW)
    order = await orders.get("o1")
    assert order.status is OrderStatus.FULFILLED
    assert (order.payment_intent_id, order.charge_id, order.stock) == ("pi_1", "ch_1", StockState.CONFIRMED)
    assert {(share.state, share.held_until) for share in order.sellers} == {
        (SellerOrderState.HELD, NOON + RETURN_WINDOW)
    }
    assert await market.ledger.get("capture/o1") == capture_transaction(order)
    # Late repetitions of early steps find them done.
    await orders.record_authorization("o1", "pi_1")
    await orders.confirm_stock("o1")
    await orders.record_split("o1")
    assert await stock_of(market, "lamp") == 3


async def test_a_step_is_not_skipped(market: MarketPorts) -> None:
    await market.orders.accept(checkout("o1", {"lamp": 1}))
    with pytest.raises(IllegalTransition):
        await market.orders.confirm_stock("o1")
    with pytest.raises(IllegalTransition):
        await market.orders.record_capture("o1", "ch_1")
    with pytest.raises(IllegalTransition):
        await market.orders.record_split("o1")
    await confirmed(market, "o2", {"lamp": 1})
    await market.orders.record_capture("o2", "ch_2")
    with pytest.raises(IllegalTransition, match="not split"):
        await market.orders.mark_fulfilled("o2", NOON, RETURN_WINDOW)


async def test_another_payment_of_the_same_order_is_refused(market: MarketPorts) -> None:
    await confirmed(market, "o1", {"lamp": 1})
    with pytest.raises(IllegalTransition):
        await market.orders.record_authorization("o1", "pi_other")
    await market.orders.record_capture("o1", "ch_1")
    with pytest.raises(IllegalTransition):
        await market.orders.record_capture("o1", "ch_other")


async def test_a_sold_out_line_takes_nothing_of_the_other_lines(market: MarketPorts) -> None:
    await market.orders.accept(checkout("o2", {"lamp": 1, "tea": 1}))
    await confirmed(market, "o1", {"lamp": 5})
    await market.orders.record_authorization("o2", "pi_2")
    with pytest.raises(SoldOut) as refusal:
        await market.orders.confirm_stock("o2")
    assert refusal.value.offer_ids == ("lamp",)
    assert await stock_of(market, "tea") == 5
    assert (await market.orders.get("o2")).status is OrderStatus.AUTHORIZED


async def test_restored_units_come_back_once_and_are_never_confirmed_again(market: MarketPorts) -> None:
    await confirmed(market, "o1", {"lamp": 2})
    for _ in range(2):
        await market.orders.restore_stock("o1")
    assert await stock_of(market, "lamp") == 5
    with pytest.raises(IllegalTransition):
        await market.orders.confirm_stock("o1")
    with pytest.raises(IllegalTransition):
        await market.orders.record_capture("o1", "ch_1")


async def test_stock_restored_before_it_was_confirmed_is_not_taken_later(market: MarketPorts) -> None:
    await market.orders.accept(checkout("o1", {"lamp": 2}))
    await market.orders.record_authorization("o1", "pi_1")
    await market.orders.restore_stock("o1")
    with pytest.raises(IllegalTransition):
        await market.orders.confirm_stock("o1")
    assert await market.offers.available(["lamp"]) == {"lamp": 5}


async def test_a_failed_order_gives_back_its_units_and_keeps_its_first_reason(market: MarketPorts) -> None:
    await confirmed(market, "o1", {"lamp": 2})
    await market.orders.fail("o1", "payment_declined")
    await market.orders.fail("o1", "sold_out")
    order = await market.orders.get("o1")
    assert (order.status, order.failure) == (OrderStatus.FAILED, "payment_declined")
    assert {share.state for share in order.sellers} == {SellerOrderState.CANCELED}
    assert await stock_of(market, "lamp") == 5
    with pytest.raises(IllegalTransition):
        await market.orders.record_authorization("o1", "pi_1")


async def test_a_captured_order_neither_fails_nor_gives_back_its_units(market: MarketPorts) -> None:
    await confirmed(market, "o1", {"lamp": 2})
    await market.orders.record_capture("o1", "ch_1")
    with pytest.raises(IllegalTransition):
        await market.orders.fail("o1", "late")
    with pytest.raises(IllegalTransition):
        await market.orders.restore_stock("o1")
    assert await stock_of(market, "lamp") == 3


@pytest.mark.parametrize("step", ["confirm_stock", "restore_stock", "record_split"])
async def test_an_unknown_order_is_not_found(market: MarketPorts, step: str) -> None:
    with pytest.raises(OrderNotFound):
        await getattr(market.orders, step)("nowhere")


async def test_available_is_the_stock_less_what_accepted_orders_wait_for(market: MarketPorts) -> None:
    await market.orders.accept(checkout("o1", {"lamp": 2}))
    await confirmed(market, "o2", {"lamp": 1})
    assert await market.offers.available(["lamp", "tea", "ghost"]) == {"lamp": 2, "tea": 5}
    listing = (await market.offers.get(["lamp"]))["lamp"]
    assert (listing.offer.stock, listing.available, listing.seller_name) == (4, 2, "Ada's House")


async def test_more_orders_than_units_show_as_none_available(market: MarketPorts) -> None:
    await market.orders.accept(checkout("o1", {"lamp": 4}))
    await market.orders.accept(checkout("o2", {"lamp": 4}))
    assert await market.offers.available(["lamp"]) == {"lamp": -3}
    assert (await market.offers.get(["lamp"]))["lamp"].available == 0


async def test_the_offers_of_a_product_are_listed_cheapest_first(market: MarketPorts) -> None:
    for offer_id, seller_id, price in (("x1", "ada", 300), ("x2", "ben", 200)):
        one = offer(offer_id, seller_id, price, 1)
        await market.offers.put(type(one)(**{**_fields(one), "product_id": "shared"}))
    listings = await market.offers.listings(["shared", "nothing"])
    assert [listing.offer.offer_id for listing in listings["shared"]] == ["x2", "x1"]
    assert listings["nothing"] == ()


async def test_a_seller_keeps_the_account_when_only_the_name_changes(market: MarketPorts) -> None:
    await market.offers.put_seller(Seller(seller_id="ada", display_name="Ada & Co"))
    assert await market.offers.seller("ada") == Seller(seller_id="ada", display_name="Ada & Co", account_id="acct_ada")
    with pytest.raises(UnknownSeller):
        await market.offers.seller("nobody")
    with pytest.raises(UnknownSeller):
        await market.offers.put(offer("kite", "nobody", 100, 1))


def _fields(value: object) -> dict[str, object]:
    return {name: getattr(value, name) for name in value.__dataclass_fields__}  # type: ignore[attr-defined]


async def test_all_orders_are_paged_from_the_latest_to_the_first_each_once(market: MarketPorts) -> None:
    for number in range(5):
        await market.orders.accept(checkout(f"o{number}", {"lamp": 1}, buyer_id="ann" if number % 2 else "bob"))
    for buyer_id, ids in ((None, ["o4", "o3", "o2", "o1", "o0"]), ("ann", ["o3", "o1"]), ("eve", [])):
        for limit in (1, 2, 5):
            cursor, seen = None, []
            while True:
                page = await market.orders.page(limit, cursor, buyer_id)
                assert len(page.items) <= limit
                seen += [order.order_id for order in page.items]
                cursor = page.next_cursor
                if cursor is None:
                    break
            assert seen == ids
    with pytest.raises(InvalidRequest):
        await market.orders.page(2, "made up")
