"""Recommendations as the catalog shows them: on real PostgreSQL, with products and rankings in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg
import httpx
import pytest

from commerce.adapters.memory import MemoryFiles, MemoryProducts, MemoryProductSearch, MemoryRankings
from commerce.adapters.postgres import PostgresImports, PostgresOffers
from commerce.catalog import Offer, Product, Seller
from commerce.money import Money
from commerce.product_images import ProductImages
from commerce.recommendations import SHOWN
from commerce.searching import CheckedSearch
from services.catalog.app import create_app
from services.catalog.dependencies import Catalog
from services.catalog.settings import CatalogSettings
from services.catalog.views import KEPT, ViewRecorder
from tests.services.tokens import IdentityProvider, signed_in

ANN = signed_in("ann", "buyer")


class Shop:
    """A catalog with products that have one offer each."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.products = MemoryProducts()
        self.offers = PostgresOffers(pool)
        self.rankings = MemoryRankings()
        self.views = ViewRecorder(self.rankings, every_seconds=0.01)

    async def sell(self, *product_ids: str, stock: int = 5, category: str | None = None) -> None:
        await self.offers.put_seller(Seller(seller_id="s", display_name="S"))
        for id in product_ids:
            await self.products.put(
                Product(product_id=id, title=id.title(), description="", owner_id="s", category=category)
            )
            offer = Offer(
                offer_id=id, seller_id="s", product_id=id, title=id, unit_price=Money(100, "usd"), stock=stock
            )
            await self.offers.put(offer)


@pytest.fixture
def shop(pool: asyncpg.Pool) -> Shop:
    return Shop(pool)


@pytest.fixture
async def client(shop: Shop, pool: asyncpg.Pool, provider: IdentityProvider) -> AsyncIterator[httpx.AsyncClient]:
    @asynccontextmanager
    async def opened(settings: CatalogSettings) -> AsyncIterator[Catalog]:
        files = MemoryFiles()
        async with shop.views.running():
            yield Catalog(
                products=shop.products,
                offers=shop.offers,
                images=ProductImages(products=shop.products, files=files),
                imports=PostgresImports(pool),
                files=files,
                search=CheckedSearch(search=MemoryProductSearch(), offers=shop.offers),
                rankings=shop.rankings,
                views=shop.views,
                currency=settings.currency,
                checks={},
            )

    settings = CatalogSettings(
        **provider.settings(), products_collection="products", images_store="images", currency="usd"
    )
    application = create_app(settings, opened)
    transport = httpx.ASGITransport(application, raise_app_exceptions=False)
    async with (
        application.router.lifespan_context(application),
        httpx.AsyncClient(transport=transport, base_url="http://shop") as client,
    ):
        yield client


async def beside(client: httpx.AsyncClient, product_id: str) -> list[str]:
    answer = await client.get(f"/catalog/products/{product_id}/recommendations")
    assert answer.status_code == 200, answer.text
    return [item["product_id"] for item in answer.json()["items"]]


async def test_what_was_learned_is_shown_and_then_bestsellers(shop: Shop, client: httpx.AsyncClient) -> None:
    await shop.sell("lamp", "bulb", "tea", "rug")
    await shop.rankings.publish({"lamp": ("bulb",)}, {"": ("lamp", "tea", "rug")})
    assert await beside(client, "lamp") == ["bulb", "tea", "rug"]
    assert await beside(client, "rug") == ["lamp", "tea"]


async def test_beside_a_new_product_are_the_bestsellers_of_its_category(shop: Shop, client: httpx.AsyncClient) -> None:
    await shop.sell("torch", "tea")
    await shop.sell("lamp", category="lighting")
    await shop.rankings.publish({}, {"": ("tea",), "lighting": ("torch",)})
    assert await beside(client, "lamp") == ["torch", "tea"]


async def test_what_cannot_be_bought_is_not_shown(shop: Shop, client: httpx.AsyncClient) -> None:
    await shop.sell("lamp", "bulb")
    await shop.sell("cord", stock=0)
    await shop.rankings.publish({"lamp": ("cord", "never-offered", "bulb")}, {"": ()})
    assert await beside(client, "lamp") == ["bulb"]


async def test_a_product_that_sells_out_is_gone_with_the_next_request(shop: Shop, client: httpx.AsyncClient) -> None:
    await shop.sell("lamp", "bulb")
    await shop.rankings.publish({"lamp": ("bulb",)}, {"": ()})
    assert await beside(client, "lamp") == ["bulb"]
    await shop.sell("bulb", stock=0)
    assert await beside(client, "lamp") == []


async def test_a_product_that_was_deleted_is_left_out(shop: Shop, client: httpx.AsyncClient) -> None:
    await shop.sell("lamp", "bulb", "cord")
    await shop.rankings.publish({"lamp": ("cord", "bulb")}, {"": ()})
    del shop.products._products["cord"]
    assert await beside(client, "lamp") == ["bulb"]


async def test_places_of_what_is_sold_out_are_filled(shop: Shop, client: httpx.AsyncClient) -> None:
    gone, there = [f"a{n}" for n in range(SHOWN)], [f"b{n:02}" for n in range(SHOWN + 3)]
    await shop.sell("lamp", *there)
    await shop.sell(*gone, stock=0)
    await shop.rankings.publish({"lamp": (*gone, *there)}, {"": ()})
    assert await beside(client, "lamp") == there[:SHOWN]


async def test_a_product_that_is_not_there_has_no_recommendations(client: httpx.AsyncClient) -> None:
    assert (await client.get("/catalog/products/ghost/recommendations")).status_code == 404


async def test_what_a_buyer_looked_at_makes_the_buyers_own(shop: Shop, client: httpx.AsyncClient) -> None:
    await shop.sell("lamp", "bulb", "tea")
    await shop.rankings.publish({"lamp": ("bulb",)}, {"": ("tea",)})
    assert (await client.get("/catalog/products/lamp", headers=ANN)).status_code == 200
    await _until_seen(shop, "ann", ["lamp"])
    answer = await client.get("/catalog/recommendations", headers=ANN)
    assert [item["product_id"] for item in answer.json()["items"]] == ["bulb", "tea"]
    assert (await client.get("/catalog/recommendations")).status_code == 401


async def test_nobody_is_noted_who_is_not_signed_in(shop: Shop, client: httpx.AsyncClient) -> None:
    await shop.sell("lamp")
    for headers in ({}, {"authorization": "Bearer nonsense"}):
        assert (await client.get("/catalog/products/lamp", headers=headers)).status_code == 200
    await client.get("/catalog/products/lamp", headers=ANN)
    await _until_seen(shop, "ann", ["lamp"])
    assert shop.rankings._seen.keys() == {"ann"}


async def test_views_are_bounded_and_lost_while_the_cache_is_away() -> None:
    class Away(MemoryRankings):
        calls = 0

        async def record_views(self, views: Sequence[tuple[str, str]]) -> None:
            self.calls += 1
            raise ConnectionError

    away = Away()
    recorder = ViewRecorder(away, every_seconds=60)
    async with recorder.running():
        for number in range(KEPT * 2):
            recorder.note("ann", f"p{number}")
        assert len(recorder._views) == KEPT
    assert away.calls == 1
    assert not recorder._views


async def _until_seen(shop: Shop, buyer_id: str, product_ids: list[str]) -> None:
    async with asyncio.timeout(5):
        while (await shop.rankings.for_buyer(buyer_id)).seen != tuple(product_ids):
            await asyncio.sleep(0.01)
