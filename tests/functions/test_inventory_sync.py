"""The inventory sync: products are indexed as they are now, counters follow the order database."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from commerce.adapters.memory import (
    MemoryDeadLetters,
    MemoryMarket,
    MemoryOffers,
    MemoryProducts,
    MemoryProductSearch,
    MemoryStockGate,
)
from commerce.catalog import Offer, Product, Seller
from commerce.events import EventType
from commerce.indexing import Indexer
from commerce.money import Money
from commerce.search import SearchQuery
from commerce.stock_keeping import Drift, StockKeeper
from functions.inventory_sync.aws import changed_products
from functions.inventory_sync.inventory_sync import InventorySync
from stacks.workloads import INVENTORY_SYNC


class Shop:
    def __init__(self) -> None:
        self.market, self.products, self.engine = MemoryMarket(), MemoryProducts(), MemoryProductSearch()
        self.gate, self.dead_letters = MemoryStockGate(), MemoryDeadLetters()
        self.offers = MemoryOffers(self.market)
        self.sync = InventorySync(
            indexer=Indexer(products=self.products, offers=self.offers, index=self.engine),
            stock=StockKeeper(gate=self.gate, offers=self.offers),
            dead_letters=self.dead_letters,
            rebuild_after=timedelta(hours=24),
        )

    async def put(self, product_id: str, *, stock: int = 5, price: int = 1_000) -> Offer:
        await self.products.put(Product(product_id=product_id, title=product_id, description="", owner_id="ada"))
        await self.offers.put_seller(Seller(seller_id="ada", display_name="Ada"))
        offer = Offer(
            offer_id=f"ada-{product_id}",
            seller_id="ada",
            product_id=product_id,
            title=product_id,
            unit_price=Money(price, "usd"),
            stock=stock,
        )
        await self.offers.put(offer)
        return offer

    async def found(self, text: str = "") -> list[str]:
        return [hit.product_id for hit in (await self.engine.search(SearchQuery(text=text))).hits]


@pytest.fixture
async def shop() -> Shop:
    shop = Shop()
    await shop.sync.round()
    return shop


async def test_a_changed_product_is_found_as_it_is_now(shop: Shop) -> None:
    await shop.put("lamp")
    await shop.sync.changed(["lamp"])
    assert await shop.found("lamp") == ["lamp"]
    await shop.products.put(Product(product_id="lamp", title="Lantern", description="", owner_id="ada"))
    await shop.sync.changed(["lamp", "lamp"])
    assert (await shop.found("lantern"), await shop.found("lamp")) == (["lamp"], [])


async def test_a_product_that_nobody_offers_or_that_is_gone_is_found_no_more(shop: Shop) -> None:
    await shop.put("lamp")
    await shop.put("chair")
    await shop.sync.changed(["lamp", "chair"])
    shop.market.offers.clear()
    report = await shop.sync.changed(["lamp", "chair", "ghost"])
    assert (report.indexed, report.removed, await shop.found()) == (0, 3, [])


async def test_a_document_that_cannot_be_indexed_is_kept_with_its_reason(shop: Shop) -> None:
    offer = await shop.put("bad")
    await shop.put("good")
    huge = Money(2**70, "usd")
    broken = replace(offer)
    object.__setattr__(broken, "unit_price", huge)
    shop.market.offers[offer.offer_id] = broken
    report = await shop.sync.changed(["bad", "good"])
    assert (report.indexed, [one.product_id for one in report.rejected]) == (1, ["bad"])
    [letter] = map(json.loads, shop.dead_letters.letters)
    assert letter["product_id"] == "bad"
    assert "price" in letter["reason"]
    assert await shop.found() == ["good"]


async def test_counters_that_drifted_are_rebuilt_and_reported(shop: Shop) -> None:
    lamp, chair = await shop.put("lamp", stock=5), await shop.put("chair", stock=3)
    await shop.gate.seed({lamp.offer_id: 9, chair.offer_id: 3})
    assert (await shop.sync.round()).drift == Drift(offers=1, units=4)
    assert await shop.gate.available([lamp.offer_id, chair.offer_id]) == {lamp.offer_id: 5, chair.offer_id: 3}
    assert (await shop.sync.round()).drift == Drift()


async def test_a_new_index_is_filled_once_and_a_lost_change_is_found_at_the_next_rebuild(shop: Shop) -> None:
    await shop.put("lamp")  # and the change is lost
    assert ((await shop.sync.round()).rebuilt, await shop.found()) == (None, [])
    shop.sync = InventorySync(
        indexer=Indexer(products=shop.products, offers=shop.offers, index=shop.engine),
        stock=StockKeeper(gate=shop.gate, offers=shop.offers),
        dead_letters=shop.dead_letters,
        rebuild_after=timedelta(seconds=-1),
    )
    report = await shop.sync.round()
    assert report.rebuilt is not None
    assert (report.rebuilt.indexed, await shop.found()) == (1, ["lamp"])


async def test_a_new_price_alone_reaches_the_index_by_its_event(shop: Shop) -> None:
    await shop.put("lamp", price=1_000)
    await shop.sync.changed(["lamp"])
    told = len(shop.market.events)
    await shop.put("lamp", price=700)
    news = [row.recorded.message() for row in list(shop.market.events.values())[told:]]
    await shop.sync.changed(changed_products({"eventSource": "aws:sqs", "body": body} for body in news))
    cheap = await shop.engine.search(SearchQuery(text="lamp", maximum_price=700))
    assert [hit.product_id for hit in cheap.hits] == ["lamp"]


def test_it_subscribes_to_events_that_there_are() -> None:
    assert {EventType(type) for type in INVENTORY_SYNC.events} == {
        EventType.OFFER_CHANGED,
        EventType.PRODUCT_WITHDRAWN,
    }


def test_changes_of_the_table_and_events_name_the_products_once() -> None:
    change = {"eventSource": "aws:dynamodb", "dynamodb": {"Keys": {"product_id": {"S": "lamp"}}}}
    bodies = (
        {"type": "offer_changed", "subject_id": "x", "data": {"product_ids": ["chair", "lamp"]}},
        {"type": "product_withdrawn", "subject_id": "table", "data": {}},
    )
    events = [{"eventSource": "aws:sqs", "body": json.dumps(body)} for body in bodies]
    assert changed_products([change, *events, change]) == ["lamp", "chair", "table"]
