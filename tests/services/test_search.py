"""The search routes: the index finds, PostgreSQL says what is true."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import asyncpg
import httpx
import pytest

from commerce.adapters.memory import MemoryFiles, MemoryProducts, MemoryProductSearch, MemoryRankings
from commerce.adapters.postgres import PostgresImports, PostgresOffers
from commerce.catalog import Offer, Product, Seller, offer_id_for
from commerce.indexing import Indexer
from commerce.money import Money
from commerce.product_images import ProductImages
from commerce.search import SearchPage, SearchQuery, SearchUnavailable
from commerce.searching import CheckedSearch
from services.catalog.app import create_app
from services.catalog.dependencies import Catalog
from services.catalog.settings import CatalogSettings
from services.catalog.views import ViewRecorder
from tests.services.tokens import PROVIDER, IdentityProvider


class Engine(MemoryProductSearch):
    """The index in memory, which can be away."""

    away = False

    async def search(self, query: SearchQuery) -> SearchPage:
        if self.away:
            raise SearchUnavailable("away")
        return await super().search(query)


@dataclass(kw_only=True)
class Shop:
    client: httpx.AsyncClient
    engine: Engine
    products: MemoryProducts
    rankings: MemoryRankings
    offers: PostgresOffers

    async def put(self, product_id: str, *, stock: int = 5, price: int = 1_000, seller_id: str = "ann") -> Offer:
        """A product with one seller's offer, as it is indexed in a moment."""
        title = product_id.replace("-", " ").title()
        await self.products.put(Product(product_id=product_id, title=title, description="", owner_id="ann"))
        await self.offers.put_seller(Seller(seller_id=seller_id, display_name=seller_id.title()))
        offer = Offer(
            offer_id=offer_id_for(seller_id, product_id),
            seller_id=seller_id,
            product_id=product_id,
            title=title,
            unit_price=Money(price, "usd"),
            stock=stock,
        )
        await self.offers.put(offer)
        await Indexer(products=self.products, offers=self.offers, index=self.engine).index([product_id])
        return offer

    async def search(self, **asked: object) -> httpx.Response:
        return await self.client.get("/search", params={key: str(value) for key, value in asked.items()})


@pytest.fixture
async def shop(pool: asyncpg.Pool, provider: IdentityProvider) -> AsyncIterator[Shop]:
    engine, products, offers, rankings = Engine(), MemoryProducts(), PostgresOffers(pool), MemoryRankings()

    @asynccontextmanager
    async def opened(settings: CatalogSettings) -> AsyncIterator[Catalog]:
        search = CheckedSearch(search=engine, offers=offers)
        files = MemoryFiles()
        images = ProductImages(products=products, files=files)
        yield Catalog(
            products=products,
            offers=offers,
            images=images,
            imports=PostgresImports(pool),
            files=files,
            rankings=rankings,
            views=ViewRecorder(rankings),
            search=search,
            currency=settings.currency,
            checks={},
        )

    app = create_app(
        CatalogSettings(**provider.settings(), products_collection="products", images_store="images", currency="usd"),
        opened,
    )
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
            yield Shop(client=client, engine=engine, products=products, offers=offers, rankings=rankings)


async def test_a_buyer_finds_a_product_with_its_offers(shop: Shop) -> None:
    offer = await shop.put("brass-lamp")
    body = (await shop.search(q="brass lapm")).json()
    assert body["items"] == [
        {
            "product_id": "brass-lamp",
            "title": "Brass Lamp",
            "description": "",
            "category": None,
            "available": True,
            "offers": [
                {
                    "offer_id": offer.offer_id,
                    "seller_id": "ann",
                    "seller_name": "Ann",
                    "unit_price": {"amount": 1_000, "currency": "usd"},
                    "available": True,
                }
            ],
        }
    ]
    assert (body["total"], body["next_cursor"]) == (1, None)
    assert body["facets"]["sellers"] == [{"value": "ann", "count": 1}]


async def test_sold_out_is_never_shown_as_available_whatever_the_index_says(shop: Shop) -> None:
    offer = await shop.put("lamp", stock=5)
    await shop.offers.put(replace(offer, stock=0))
    [item] = (await shop.search(q="lamp")).json()["items"]
    assert (item["available"], [one["available"] for one in item["offers"]]) == (False, [False])
    assert (await shop.search(q="lamp", available="true")).json()["items"] == []


async def test_a_price_that_has_risen_no_longer_fits_the_filter(shop: Shop) -> None:
    offer = await shop.put("lamp", price=1_000)
    await shop.offers.put(replace(offer, unit_price=Money(2_000, "usd")))
    assert (await shop.search(max_price=1_500)).json()["items"] == []
    [item] = (await shop.search(q="lamp")).json()["items"]
    assert item["offers"][0]["unit_price"]["amount"] == 2_000


async def test_pages_follow_each_other(shop: Shop) -> None:
    for number in range(5):
        await shop.put(f"lamp-{number}", price=1_000 + number)
    first = (await shop.search(q="lamp", sort="-price", limit=3)).json()
    second = (await shop.search(q="lamp", sort="-price", limit=3, cursor=first["next_cursor"])).json()
    found = [item["product_id"] for item in first["items"] + second["items"]]
    assert found == [f"lamp-{number}" for number in (4, 3, 2, 1, 0)]
    assert second["next_cursor"] is None
    foreign = await shop.search(q="lamp", cursor=first["next_cursor"])
    assert (foreign.status_code, foreign.json()["type"]) == (422, "/problems/invalid-request")


async def test_without_the_engine_search_says_so_and_browsing_goes_on(shop: Shop) -> None:
    await shop.put("lamp")
    shop.engine.away = True
    answer = await shop.search(q="lamp")
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/search-unavailable")
    assert (await shop.client.get("/catalog/products/lamp")).status_code == 200


async def test_suggestions_are_titles(shop: Shop) -> None:
    await shop.put("brass-lamp")
    answer = await shop.client.get("/search/suggestions", params={"q": "brass l"})
    assert answer.json() == {"suggestions": ["Brass Lamp"]}


@pytest.mark.parametrize(
    "asked", [{"limit": 0}, {"limit": 101}, {"sort": "name"}, {"min_price": -1}, {"q": "x" * 201}, {"max_price": "1e3"}]
)
async def test_an_impossible_search_is_refused(shop: Shop, asked: dict[str, object]) -> None:
    answer = await shop.search(**asked)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-request")


async def test_bestsellers_are_shown_to_somebody_who_looks_for_nothing_in_particular(shop: Shop) -> None:
    for product_id, stock in (("lamp", 5), ("mug", 0), ("rug", 5)):
        await shop.put(product_id, stock=stock)
    await shop.rankings.publish({}, {"": ("rug", "mug", "gone", "lamp")})
    body = (await shop.search()).json()
    assert [one["product_id"] for one in body["recommended"]] == ["rug", "lamp"]
    assert [one["product_id"] for one in (await shop.search(available="true")).json()["recommended"]] == ["rug", "lamp"]
    assert (await shop.search(category="kitchen")).json()["recommended"] == []
    await shop.rankings.publish({}, {"kitchen": ("mug", "lamp")})
    assert [one["product_id"] for one in (await shop.search(category="kitchen")).json()["recommended"]] == ["lamp"]
    for asked in ({"q": "lamp"}, {"seller": "ann"}, {"max_price": 5_000}, {"sort": "price"}):
        assert (await shop.search(**asked)).json()["recommended"] == [], asked


async def test_a_signed_in_buyer_is_shown_what_goes_with_what_was_looked_at(shop: Shop) -> None:
    for product_id in ("lamp", "bulb", "rug"):
        await shop.put(product_id)
    await shop.rankings.publish({"lamp": ("bulb",)}, {"": ("lamp", "rug")})
    await shop.rankings.record_views([("bob", "lamp")])
    headers = {"authorization": f"Bearer {PROVIDER.token('bob', 'buyer')}"}
    body = (await shop.client.get("/search", headers=headers)).json()
    assert [one["product_id"] for one in body["recommended"]] == ["bulb", "rug"]


async def test_a_page_is_shown_without_recommendations_while_the_cache_is_away(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise ConnectionError("the cache is away")

    await shop.put("lamp")
    monkeypatch.setattr(shop.rankings, "beside", away)
    body = (await shop.search()).json()
    assert ([one["product_id"] for one in body["items"]], body["recommended"]) == (["lamp"], [])
