"""Offers and products that are taken away: nobody buys them any more, and what was ordered is still filled."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from commerce_samples import MarketPorts, checkout, stock_up

from commerce.adapters.memory import MemoryFiles, MemoryProducts
from commerce.browsing import Browsing
from commerce.catalog import (
    NotOnOffer,
    NotTheSeller,
    OfferChange,
    OfferedByOthers,
    Product,
    ProductNotFound,
    ProductWithdrawn,
    Seller,
    UnknownOffer,
    offer_id_for,
)
from commerce.errors import InvalidRequest
from commerce.images import rendition_keys
from commerce.imports import own_product_id
from commerce.money import Money
from commerce.product_images import ProductImages
from commerce.selling import Selling

ONE = Money(100, "usd")


async def test_a_withdrawn_offer_is_found_nowhere(market: MarketPorts) -> None:
    await stock_up(market.offers)
    assert await market.offers.withdraw(["lamp", "ghost"]) == ("lamp",)
    assert await market.offers.withdraw(["lamp"]) == ()
    assert (await market.offers.listings(["product-of-lamp"]))["product-of-lamp"] == ()
    assert await market.offers.get(["lamp"]) == {}
    assert await market.offers.available(["lamp", "tea"]) == {"tea": 5}
    assert await market.offers.ids("", 10) == ("rug", "tea")
    assert await market.offers.products_of("ada", "", 10) == ("product-of-rug",)
    with pytest.raises(UnknownOffer):
        await market.offers.change("lamp", "Lamp", ONE, OfferChange())
    with pytest.raises(NotOnOffer):
        await market.orders.accept(checkout("o1", {"lamp": 1}))


async def test_an_order_that_was_accepted_before_is_filled(market: MarketPorts) -> None:
    await stock_up(market.offers)
    await market.orders.accept(checkout("o1", {"lamp": 2}))
    await market.offers.withdraw(["lamp"])
    await market.orders.record_authorization("o1", "pi")
    await market.orders.confirm_stock("o1")
    (line,) = (await market.orders.get("o1")).lines
    assert (line.title, line.quantity) == ("Lamp", 2)


async def test_a_withdrawn_offer_is_brought_back_with_a_stock_of_its_own(market: MarketPorts) -> None:
    await stock_up(market.offers)
    (lamp,) = (await market.offers.get(["lamp"])).values()
    assert not await market.offers.create(lamp.offer)
    await market.offers.withdraw(["lamp"])
    assert await market.offers.create(replace(lamp.offer, stock=9, unit_price=ONE))
    (back,) = (await market.offers.get(["lamp"])).values()
    assert (back.offer.stock, back.offer.unit_price) == (9, ONE)
    await market.offers.withdraw(["lamp"])
    await market.offers.put(lamp.offer)
    assert await market.offers.get(["lamp"]) == {"lamp": lamp}


@dataclass(kw_only=True)
class Shop:
    market: MarketPorts
    products: MemoryProducts
    files: MemoryFiles
    selling: Selling

    async def offer(self, seller_id: str) -> None:
        await self.selling.offer(seller_id, "mug", ONE, 3, OfferChange())

    async def sellers(self) -> set[str]:
        return {listing.offer.seller_id for listing in (await self.market.offers.listings(["mug"]))["mug"]}


@pytest.fixture
async def shop(market: MarketPorts) -> Shop:
    products, files = MemoryProducts(), MemoryFiles()
    images = ProductImages(products=products, files=files)
    selling = Selling(products=products, offers=market.offers, images=images)
    for seller_id in ("ann", "bob"):
        await market.offers.put_seller(Seller(seller_id=seller_id, display_name=seller_id))
    await selling.describe(Product(product_id="mug", title="Mug", description="", owner_id="ann"))
    return Shop(market=market, products=products, files=files, selling=selling)


async def test_a_product_goes_with_its_owners_offer_and_its_pictures(shop: Shop) -> None:
    await shop.offer("ann")
    images = ProductImages(products=shop.products, files=shop.files)
    image = (await images.expect("mug", "ann", content_type="image/png", alt="A mug")).image
    for key in rendition_keys("mug", image.image_id):
        await shop.files.write(key, b"", content_type="image/webp")
    with pytest.raises(NotTheSeller):
        await shop.selling.withdraw_product("bob", "mug")
    await shop.selling.withdraw_product("ann", "mug")
    assert (await shop.sellers(), shop.files.content) == (set(), {})
    for gone in (shop.selling.withdraw_product("ann", "mug"), shop.offer("bob")):
        with pytest.raises(ProductNotFound):
            await gone


async def test_a_product_that_others_offer_stays_as_it_is(shop: Shop) -> None:
    for seller_id in ("ann", "bob"):
        await shop.offer(seller_id)
    before = await shop.products.get("mug")
    with pytest.raises(OfferedByOthers):
        await shop.selling.withdraw_product("ann", "mug")
    assert (await shop.products.get("mug"), await shop.sellers()) == (before, {"ann", "bob"})
    await shop.selling.withdraw_offer("bob", "mug")
    with pytest.raises(UnknownOffer):
        await shop.selling.withdraw_offer("bob", "mug")
    await shop.selling.withdraw_product("ann", "mug")


@pytest.mark.parametrize("step", ["mark", "look"])
async def test_an_offer_made_at_the_same_moment_never_stands_on_a_product_that_is_gone(shop: Shop, step: str) -> None:
    """Bob's offer is stopped between his look at the product and his offer, while Ann withdraws it; and the other way
    round."""
    create, listings = shop.market.offers.create, shop.market.offers.listings

    async def create_late(offer: object) -> bool:
        shop.market.offers.create = create  # type: ignore[method-assign]
        await shop.selling.withdraw_product("ann", "mug")
        return await create(offer)  # type: ignore[arg-type]

    async def listings_late(product_ids: object) -> object:
        shop.market.offers.listings = listings  # type: ignore[method-assign]
        with pytest.raises(ProductWithdrawn):
            await shop.offer("bob")
        return await listings(product_ids)  # type: ignore[arg-type]

    if step == "mark":
        shop.market.offers.create = create_late  # type: ignore[method-assign]
        with pytest.raises(ProductNotFound):
            await shop.offer("bob")
    else:
        shop.market.offers.listings = listings_late  # type: ignore[method-assign, assignment]
        await shop.selling.withdraw_product("ann", "mug")
    assert await shop.sellers() == set()
    with pytest.raises(ProductNotFound):
        await shop.products.get("mug")


async def test_a_withdrawal_that_was_interrupted_is_repeated(shop: Shop) -> None:
    await shop.offer("ann")
    delete = shop.products.delete

    async def killed(product: Product) -> None:
        raise KeyboardInterrupt

    shop.products.delete = killed  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        await shop.selling.withdraw_product("ann", "mug")
    shop.products.delete = delete  # type: ignore[method-assign]
    with pytest.raises(ProductWithdrawn):
        await shop.offer("bob")
    assert (await shop.products.list(10)).items == ()
    await shop.selling.withdraw_product("ann", "mug")
    with pytest.raises(ProductNotFound):
        await shop.products.get("mug")


async def test_an_id_that_imports_make_is_nobodys_to_take(shop: Shop) -> None:
    taken = Product(product_id=own_product_id("bob", "1"), title="x", description="", owner_id="ann")
    with pytest.raises(InvalidRequest, match="imports"):
        await shop.selling.describe(taken)


async def test_pages_of_a_seller_hold_what_the_seller_offers(shop: Shop) -> None:
    for number in range(5):
        product = Product(product_id=f"p{number}", title="t", description="", owner_id="ann", category="kitchen")
        await shop.selling.describe(product)
        await shop.selling.offer("bob", f"p{number}", ONE, 1, OfferChange())
    await shop.selling.withdraw_offer("bob", "p2")
    browsing = Browsing(products=shop.products, offers=shop.market.offers)
    first = await browsing.page(3, seller_id="bob")
    last = await browsing.page(3, first.next_cursor, seller_id="bob")
    assert [one.product_id for one in (*first.items, *last.items)] == ["p0", "p1", "p3", "p4"]
    assert (len(first.items), last.next_cursor) == (3, None)
    assert (await browsing.page(3, seller_id="nobody")).items == ()
    assert len((await browsing.page(9, category="home")).items) == 5
    for wrong in ({"category": "home", "seller_id": "bob"}, {"category": "unheard-of"}):
        with pytest.raises(Exception, match=r"by seller|no category"):
            await browsing.page(3, **wrong)
    with pytest.raises(InvalidRequest, match="cursor"):
        await browsing.page(3, "no cursor", seller_id="bob")
    assert offer_id_for("bob", "p0") in await shop.market.offers.get([offer_id_for("bob", "p0")])
