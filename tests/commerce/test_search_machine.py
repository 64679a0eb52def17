"""Whatever sales, indexing and searches follow each other, no sold-out offer is shown as available."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from commerce.adapters.memory import MemoryMarket, MemoryOffers, MemoryProducts, MemoryProductSearch
from commerce.catalog import Offer, Product, Seller
from commerce.indexing import Indexer
from commerce.money import Money
from commerce.search import IndexChange, SearchQuery, document_of
from commerce.searching import CheckedSearch

PRODUCTS = ("lamp", "chair", "table")
SELLERS = ("ada", "ben")
products, sellers = st.sampled_from(PRODUCTS), st.sampled_from(SELLERS)


class SearchMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.market, self.catalog, self.engine = MemoryMarket(), MemoryProducts(), MemoryProductSearch()
        self.offers = MemoryOffers(self.market)
        self.indexer = Indexer(products=self.catalog, offers=self.offers, index=self.engine)
        self.search = CheckedSearch(search=self.engine, offers=self.offers)
        self.late: list[IndexChange] = []
        self.builds = 0
        for seller in SELLERS:
            self.run(self.offers.put_seller(Seller(seller_id=seller, display_name=seller)))
        for one in PRODUCTS:
            self.run(self.catalog.put(Product(product_id=one, title=f"A {one}", description="", owner_id="ada")))

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        self.loop.close()

    @rule(product=products, seller=sellers, units=st.integers(0, 3), price=st.integers(1, 50))
    def offer(self, product: str, seller: str, units: int, price: int) -> None:
        offer = Offer(
            offer_id=f"{seller}-{product}",
            seller_id=seller,
            product_id=product,
            title=product,
            unit_price=Money(price, "usd"),
            stock=units,
        )
        self.run(self.offers.put(offer))

    @rule(product=products, seller=sellers)
    def sell_the_last(self, product: str, seller: str) -> None:
        if (offer := self.market.offers.get(f"{seller}-{product}")) is not None:
            self.market.offers[offer.offer_id] = replace(offer, stock=0)

    @rule(product=products)
    def read_now_and_index_late(self, product: str) -> None:
        version = self.run(self.offers.clock())
        listings = self.run(self.offers.listings([product]))[product]
        document = document_of(self.run(self.catalog.get(product)), listings)
        self.late.append(IndexChange(product_id=product, version=version, document=document))

    @rule(data=st.data())
    def deliver_late(self, data: st.DataObject) -> None:
        if self.late:
            self.run(self.engine.write([data.draw(st.sampled_from(self.late))]))

    @rule(chosen=st.sets(products))
    def index(self, chosen: set[str]) -> None:
        self.run(self.indexer.index(chosen))

    @rule()
    def rebuild(self) -> None:
        self.run(self.indexer.rebuild())

    @invariant()
    def what_is_shown_as_available_can_be_bought(self) -> None:
        for query in (SearchQuery(), SearchQuery(text="a"), SearchQuery(available=True), SearchQuery(maximum_price=25)):
            for result in self.run(self.search.search(query)).results:
                stock = {one.offer.offer_id: one.available for one in result.listings}
                assert stock == {one: max(self.market.available(one), 0) for one in stock}
                assert result.available is any(self.market.available(one) > 0 for one in stock)
                assert result.available or not query.available

    @rule()
    def everything_indexed_is_found_as_it_is(self) -> None:
        self.run(self.indexer.index(PRODUCTS))
        offered = {offer.product_id for offer in self.market.offers.values()}
        found = {result.hit.product_id for result in self.run(self.search.search(SearchQuery())).results}
        assert found == offered
        in_stock = {o.product_id for o in self.market.offers.values() if self.market.available(o.offer_id) > 0}
        available = self.run(self.search.search(SearchQuery(available=True))).results
        assert {result.hit.product_id for result in available} == in_stock


TestSearch = SearchMachine.TestCase
TestSearch.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)
