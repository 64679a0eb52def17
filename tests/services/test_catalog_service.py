"""The catalog on real PostgreSQL, with the products in memory."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from commerce.adapters.memory import MemoryFiles, MemoryProducts, MemoryProductSearch, MemoryRankings
from commerce.adapters.postgres import PostgresImports, PostgresOffers
from commerce.catalog import Product
from commerce.product_images import ProductImages
from commerce.searching import CheckedSearch
from services.catalog.app import create_app
from services.catalog.dependencies import Catalog
from services.catalog.settings import CatalogSettings
from services.catalog.views import ViewRecorder
from tests.services.tokens import IdentityProvider, signed_in

BUYER = signed_in("buyer", "buyer")
CLAIMED = {"x-user-id": "ann"}


@pytest.fixture
async def app(pool: asyncpg.Pool, provider: IdentityProvider) -> AsyncIterator[FastAPI]:
    @asynccontextmanager
    async def opened(settings: CatalogSettings) -> AsyncIterator[Catalog]:
        products, offers, files = MemoryProducts(), PostgresOffers(pool), MemoryFiles()
        yield Catalog(
            products=products,
            offers=offers,
            images=ProductImages(products=products, files=files),
            imports=PostgresImports(pool),
            files=files,
            rankings=MemoryRankings(),
            views=ViewRecorder(MemoryRankings()),
            search=CheckedSearch(search=MemoryProductSearch(), offers=offers),
            currency=settings.currency,
            checks={"orders": lambda: pool.execute("SELECT 1")},
        )

    settings = CatalogSettings(
        **provider.settings(), products_collection="products", images_store="images", currency="usd"
    )
    application = create_app(settings, opened)
    async with application.router.lifespan_context(application):
        yield application


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://shop"
    ) as opened:
        yield opened


def seller(user_id: str = "ann") -> dict[str, str]:
    return signed_in(user_id, "seller")


async def offer(client: httpx.AsyncClient, user_id: str, product_id: str, price: int, stock: int) -> str:
    await client.put("/catalog/sellers/me", json={"display_name": user_id.title()}, headers=seller(user_id))
    await client.put(f"/catalog/products/{product_id}", json={"title": product_id.title()}, headers=seller(user_id))
    response = await client.put(
        f"/catalog/products/{product_id}/offer", json={"unit_price": price, "stock": stock}, headers=seller(user_id)
    )
    offer_id: str = response.json()["offer_id"]
    return offer_id


async def test_anybody_browses_products_with_the_offers_of_all_sellers_cheapest_first(
    client: httpx.AsyncClient,
) -> None:
    dear = await offer(client, "ann", "mug", 1500, 3)
    cheap = await offer(client, "bob", "mug", 1200, 0)
    product = (await client.get("/catalog/products/mug")).json()
    assert product["title"] == "Mug"
    assert product["images"] == []
    assert product["offers"] == [
        {
            "offer_id": offer_id,
            "seller_id": who,
            "seller_name": who.title(),
            "unit_price": {"amount": price, "currency": "usd"},
            "available": available,
        }
        for offer_id, who, price, available in [(cheap, "bob", 1200, False), (dear, "ann", 1500, True)]
    ]
    assert (await client.get("/catalog/products")).json()["items"] == [product]


async def test_pages_follow_one_another_without_a_gap(client: httpx.AsyncClient) -> None:
    for number in range(5):
        await offer(client, "ann", f"mug-{number}", 1000, 1)
    seen: list[str] = []
    cursor: str | None = None
    for size in (2, 2, 1):
        parameters = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await client.get("/catalog/products", params=parameters)).json()
        assert len(page["items"]) == size
        seen += [product["product_id"] for product in page["items"]]
        cursor = page["next_cursor"]
    assert sorted(seen) == [f"mug-{number}" for number in range(5)]
    assert cursor is None


async def test_putting_an_offer_again_changes_it(client: httpx.AsyncClient) -> None:
    first = await offer(client, "ann", "mug", 1500, 3)
    body = {"unit_price": 900, "stock": 0, "expected_stock": 3}
    again = await client.put("/catalog/products/mug/offer", json=body, headers=seller("ann"))
    assert again.json() == {"offer_id": first, "stock": 0}
    offers = (await client.get("/catalog/products/mug")).json()["offers"]
    assert [(one["unit_price"]["amount"], one["available"]) for one in offers] == [(900, False)]


async def test_a_new_price_keeps_the_stock_and_tells_it(client: httpx.AsyncClient, pool: asyncpg.Pool) -> None:
    mug = await offer(client, "ann", "mug", 1500, 3)
    await pool.execute("UPDATE offers SET stock = stock - 1")  # one is sold
    response = await client.put("/catalog/products/mug/offer", json={"unit_price": 900}, headers=seller("ann"))
    assert response.json() == {"offer_id": mug, "stock": 2}
    (shown,) = (await client.get("/catalog/products/mug")).json()["offers"]
    assert shown["unit_price"]["amount"] == 900


async def test_a_stock_is_not_set_over_units_that_were_sold_meanwhile(
    client: httpx.AsyncClient, pool: asyncpg.Pool
) -> None:
    async def put(body: dict[str, object]) -> httpx.Response:
        return await client.put("/catalog/products/mug/offer", json={"unit_price": 900} | body, headers=seller("ann"))

    mug = await offer(client, "ann", "mug", 1500, 10)
    assert (await put({"stock": 10})).json()["stock"] == 10  # the same request again
    await pool.execute("UPDATE offers SET stock = stock - 3")
    for stale in ({"stock": 10}, {"stock": 12, "expected_stock": 10}, {"stock_change": 1, "expected_unit_price": 1}):
        refused = await put(stale)
        assert (refused.status_code, refused.json()["type"]) == (409, "/problems/offer-changed")
        assert refused.json()["stock"] == 7
    assert (await put({"stock_change": 5})).json() == {"offer_id": mug, "stock": 12}
    assert (await put({"stock_change": -13})).status_code == 422
    assert (await put({"stock": 20, "expected_stock": 12})).json()["stock"] == 20
    for contradiction in ({"stock": 1, "stock_change": 1}, {"expected_stock": 20}):
        assert (await put(contradiction)).status_code == 422


async def test_two_editors_of_a_product_do_not_undo_each_other(client: httpx.AsyncClient) -> None:
    await offer(client, "ann", "mug", 1500, 3)
    tag = (await client.get("/catalog/products/mug")).headers["etag"]

    async def put(title: str, if_match: str) -> httpx.Response:
        headers = seller("ann") | {"if-match": if_match}
        return await client.put("/catalog/products/mug", json={"title": title}, headers=headers)

    changed = await put("Cup", tag)
    assert (changed.status_code, changed.headers["etag"] != tag) == (200, True)
    refused = await put("Glass", tag)
    assert (refused.status_code, refused.json()["type"]) == (412, "/problems/product-changed")
    shown = await client.get("/catalog/products/mug")
    assert (shown.json()["title"], shown.headers["etag"]) == ("Cup", changed.headers["etag"])
    assert (await put("Glass", shown.headers["etag"])).status_code == 200


async def test_an_editor_who_comes_too_late_leaves_the_title_of_the_offers(
    client: httpx.AsyncClient, app: FastAPI, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await offer(client, "ann", "mug", 1500, 3)
    tag = (await client.get("/catalog/products/mug")).headers["etag"]
    products = app.state.dependencies.products
    put = products.put

    async def after_somebody_else(product: Product, replacing: Product | None = None) -> None:
        await put(replace(product, title="Cup"))
        await put(product, replacing)

    monkeypatch.setattr(products, "put", after_somebody_else)
    headers = seller("ann") | {"if-match": tag}
    late = await client.put("/catalog/products/mug", json={"title": "Glass"}, headers=headers)
    assert late.status_code == 412
    assert await pool.fetchval("SELECT title FROM offers") == "Cup"


async def test_a_seller_whom_another_forestalls_leaves_the_title_of_the_offers(
    client: httpx.AsyncClient, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = PostgresOffers.rename

    async def after_somebody_else(offers: PostgresOffers, product_id: str, title: str) -> None:
        monkeypatch.setattr(PostgresOffers, "rename", rename)
        await offer(client, "ann", "mug", 1500, 3)
        await rename(offers, product_id, title)

    monkeypatch.setattr(PostgresOffers, "rename", after_somebody_else)
    late = await client.put("/catalog/products/mug", json={"title": "Glass"}, headers=seller("bob"))
    assert (late.status_code, late.json()["type"]) == (403, "/problems/not-the-seller")
    assert await pool.fetchval("SELECT title FROM offers") == "Mug"


@pytest.mark.parametrize("title", ["a\0b", "a\nb", " ", "\u200b", "\u3164", "\u001b[31m", "\ud800"])
async def test_a_name_that_cannot_be_read_or_stored_is_refused_and_nothing_is_written(
    client: httpx.AsyncClient, title: str
) -> None:
    await offer(client, "ann", "mug", 1500, 3)
    headers = seller("ann") | {"content-type": "application/json"}
    member = "" if title == "\ud800" else f"/{title}"  # half a surrogate pair is no name of a member at all
    for path, body, wrong in (
        ("/catalog/products/mug", {"title": title}, "#/body/title"),
        ("/catalog/sellers/me", {"display_name": title}, "#/body/display_name"),
        ("/catalog/products/mug", {"title": "Mug", "description": "\0"}, "#/body/description"),
        ("/catalog/products/mug", {"title": "Mug", title: "misspelled"}, f"#/body{member}"),
    ):
        response = await client.put(path, content=json.dumps(body), headers=headers)
        assert response.status_code == 422
        assert [error["pointer"] for error in response.json()["errors"]] == [wrong]
    shown = (await client.get("/catalog/products/mug")).json()
    assert (shown["title"], shown["offers"][0]["seller_name"]) == ("Mug", "Ann")


async def test_a_name_keeps_the_scripts_of_the_world_and_loses_the_blanks_around_it(client: httpx.AsyncClient) -> None:
    for title in ("می‌خواهم", "👩‍👩‍👧", "Café № 5"):
        body = {"title": f"  {title} ", "description": "One line\n\tand another"}
        response = await client.put("/catalog/products/mug", json=body, headers=seller("ann"))
        assert (response.status_code, response.json()["title"]) == (200, title)


async def test_the_authority_is_written_before_the_catalog(
    client: httpx.AsyncClient, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await offer(client, "ann", "mug", 1500, 3)

    async def fails(offers: PostgresOffers, product_id: str, title: str) -> None:
        raise ConnectionResetError

    monkeypatch.setattr(PostgresOffers, "rename", fails)
    response = await client.put("/catalog/products/mug", json={"title": "Cup"}, headers=seller("ann"))
    assert response.status_code == 503
    assert (await client.get("/catalog/products/mug")).json()["title"] == "Mug"


async def test_a_new_offer_needs_a_stock(client: httpx.AsyncClient) -> None:
    await offer(client, "ann", "mug", 1500, 3)
    await client.put("/catalog/sellers/me", json={"display_name": "Bob"}, headers=seller("bob"))
    response = await client.put("/catalog/products/mug/offer", json={"unit_price": 900}, headers=seller("bob"))
    assert (response.status_code, response.json()["type"]) == (422, "/problems/invalid-request")
    assert "stock" in response.json()["detail"]


async def test_a_product_is_described_by_its_own_seller_only(client: httpx.AsyncClient) -> None:
    await offer(client, "ann", "mug", 1500, 3)
    response = await client.put("/catalog/products/mug", json={"title": "Not a mug"}, headers=seller("bob"))
    assert (response.status_code, response.json()["type"]) == (403, "/problems/not-the-seller")
    assert (await client.get("/catalog/products/mug")).json()["title"] == "Mug"


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 401), (BUYER, 403), (CLAIMED, 401), (seller(), 200)],
)
async def test_only_a_signed_in_seller_describes_products(
    client: httpx.AsyncClient, headers: dict[str, str], status: int
) -> None:
    assert (await client.put("/catalog/products/mug", json={"title": "Mug"}, headers=headers)).status_code == status


async def test_an_offer_needs_its_product_and_its_seller(client: httpx.AsyncClient) -> None:
    body = {"unit_price": 100, "stock": 1}
    missing = await client.put("/catalog/products/mug/offer", json=body, headers=seller())
    assert (missing.status_code, missing.json()["type"]) == (404, "/problems/product-not-found")
    await client.put("/catalog/products/mug", json={"title": "Mug"}, headers=seller())
    unregistered = await client.put("/catalog/products/mug/offer", json=body, headers=seller())
    assert (unregistered.status_code, unregistered.json()["type"]) == (404, "/problems/unknown-seller")


async def test_a_seller_changes_only_offers_of_their_own(client: httpx.AsyncClient) -> None:
    await offer(client, "ann", "mug", 1500, 3)
    await client.put("/catalog/sellers/me", json={"display_name": "Bob"}, headers=seller("bob"))
    pretended = seller("bob") | {"x-user-id": "ann"}
    body = {"unit_price": 1, "stock": 1}
    assert (await client.put("/catalog/products/mug/offer", json=body, headers=pretended)).status_code == 200
    prices = {
        one["seller_id"]: one["unit_price"]["amount"]
        for one in (await client.get("/catalog/products/mug")).json()["offers"]
    }
    assert prices == {"ann": 1500, "bob": 1}


async def test_browsing_reads_no_token(client: httpx.AsyncClient) -> None:
    response = await client.get("/catalog/products", headers={"authorization": "Bearer forged"})
    assert response.status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"unit_price": 0, "stock": 1},
        {"unit_price": 1, "stock": -1},
        {"unit_price": 1.5},
        {"unit_price": 10.0, "stock": 1},
        {"unit_price": True, "stock": 1},
        {"unit_price": "1_000", "stock": 1},
        {"unit_price": "10", "stock": 1},
        {"unit_price": 1, "stock": 2**63},
        {"unit_price": 1, "stock_change": -(2**70)},
    ],
)
async def test_an_impossible_price_or_stock_is_refused(client: httpx.AsyncClient, body: dict[str, object]) -> None:
    response = await client.put("/catalog/products/mug/offer", json=body, headers=seller())
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"


async def test_an_unknown_product_and_a_foreign_cursor_are_problems(client: httpx.AsyncClient) -> None:
    assert (await client.get("/catalog/products/mug")).json()["type"] == "/problems/product-not-found"
    assert (await client.get("/catalog/products?cursor=abc")).json()["type"] == "/problems/invalid-request"
    for limit in ("0", "1_0", "10.0", "%2010", "9" * 30):
        assert (await client.get(f"/catalog/products?limit={limit}")).status_code == 422


async def test_it_is_not_ready_while_the_database_is_away(client: httpx.AsyncClient, pool: asyncpg.Pool) -> None:
    assert (await client.get("/readyz")).status_code == 200
    await pool.close()
    assert (await client.get("/readyz")).status_code == 503
    assert (await client.get("/healthz")).status_code == 200


async def test_the_openapi_document_describes_every_route(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    assert {"/catalog/products", "/catalog/products/{product_id}", "/catalog/products/{product_id}/offer"} <= set(
        document["paths"]
    )
