"""What sellers do over HTTP besides describing and offering: pictures, imports, withdrawals; and who may not."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI

from commerce.adapters.memory import MemoryFiles
from commerce.adapters.postgres import PostgresImports
from commerce.offer_import import OfferImporter
from services.catalog.dependencies import Catalog
from tests.services.test_catalog_service import BUYER, app, client, offer, seller

__all__ = ["app", "client"]
NO_IMAGE = "0" * 32


@pytest.fixture
def catalog(app: FastAPI) -> Catalog:
    opened: Catalog = app.state.dependencies
    return opened


async def test_a_seller_adds_a_picture_that_buyers_see_when_it_is_ready(
    client: httpx.AsyncClient, catalog: Catalog
) -> None:
    await offer(client, "ann", "mug", 1500, 3)
    path, body = "/catalog/products/mug/images", {"content_type": "image/png", "alt": "A blue mug"}
    added = (await client.post(path, json=body, headers=seller("ann"))).json()
    image_id, upload = added["image"]["image_id"], added["upload"]
    assert added["image"]["state"] == "waiting"
    confirm = f"{path}/{image_id}/confirm"
    assert (await client.post(confirm, headers=seller("ann"))).json()["type"] == "/problems/image-not-uploaded"
    assert isinstance(catalog.files, MemoryFiles)
    catalog.files.receive(upload["fields"], b"picture")
    assert (await client.post(confirm, headers=seller("ann"))).json()["state"] == "waiting"
    assert (await client.get("/catalog/products/mug")).json()["images"] == []
    await catalog.images.accept("mug", image_id, 640, 480)
    (shown,) = (await client.get("/catalog/products/mug")).json()["images"]
    assert (shown["alt"], shown["width"], shown["height"]) == ("A blue mug", 640, 480)
    assert shown["sources"][0] == {
        "path": f"/images/mug/{image_id}/160.webp",
        "content_type": "image/webp",
        "width": 160,
    }
    order = {"items": [{"image_id": image_id, "alt": "Still a mug"}]}
    assert (await client.put(path, json=order, headers=seller("ann"))).json()["items"][0]["alt"] == "Still a mug"
    # A new description keeps the pictures.
    await client.put("/catalog/products/mug", json={"title": "Cup"}, headers=seller("ann"))
    assert len((await client.get(path, headers=seller("ann"))).json()["items"]) == 1
    assert (await client.put(path, json={"items": []}, headers=seller("ann"))).json() == {"items": []}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/catalog/products/mug/images", None),
        ("POST", "/catalog/products/mug/images", {"content_type": "image/png", "alt": "x"}),
        ("PUT", "/catalog/products/mug/images", {"items": []}),
        ("POST", f"/catalog/products/mug/images/{NO_IMAGE}/confirm", None),
        ("DELETE", "/catalog/products/mug", None),
        ("PUT", "/catalog/products/mug", {"title": "Mine"}),
    ],
)
async def test_a_product_is_its_owners(
    client: httpx.AsyncClient, method: str, path: str, body: dict[str, object] | None
) -> None:
    await offer(client, "ann", "mug", 1500, 3)
    for headers, status, code in (
        ({}, 401, "sign-in-required"),
        (BUYER, 403, "sellers-only"),
        (seller("bob"), 403, "not-the-seller"),
    ):
        answer = await client.request(method, path, json=body, headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{code}")
    assert (await client.get("/catalog/products/mug")).json()["title"] == "Mug"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/catalog/imports"),
        ("GET", "/catalog/imports"),
        ("GET", f"/catalog/imports/{NO_IMAGE}"),
        ("GET", f"/catalog/imports/{NO_IMAGE}/errors"),
        ("DELETE", "/catalog/products/mug/offer"),
    ],
)
async def test_imports_and_offers_are_for_sellers(client: httpx.AsyncClient, method: str, path: str) -> None:
    for headers, status in (({}, 401), (BUYER, 403)):
        assert (await client.request(method, path, json={"format": "csv"}, headers=headers)).status_code == status


async def test_an_import_shows_how_far_it_is_and_only_to_its_seller(
    client: httpx.AsyncClient, catalog: Catalog
) -> None:
    for user_id in ("ann", "bob"):
        await client.put("/catalog/sellers/me", json={"display_name": user_id}, headers=seller(user_id))
    begun = (await client.post("/catalog/imports", json={"format": "csv"}, headers=seller("ann"))).json()
    import_id = begun["job"]["import_id"]
    assert (begun["job"]["state"], begun["upload"]["fields"]["Content-Type"]) == ("waiting", "text/csv")
    assert isinstance(catalog.files, MemoryFiles)
    assert isinstance(catalog.imports, PostgresImports)
    catalog.files.receive(
        begun["upload"]["fields"], b"sku;price;stock;title;category\nA1;12.90;3;A mug;kitchen\nA2;12,90;3;A cup;\n"
    )
    await OfferImporter(
        imports=catalog.imports,
        offers=catalog.offers,
        products=catalog.products,
        files=catalog.files,
        currency=catalog.currency,
    ).run(import_id)
    path = f"/catalog/imports/{import_id}"
    shown = (await client.get(path, headers=seller("ann"))).json()
    assert (shown["state"], shown["created"], shown["failed"]) == ("finished", 1, 1)
    assert shown["read_bytes"] == shown["size_bytes"]
    errors = (await client.get(f"{path}/errors", headers=seller("ann"))).json()
    assert errors == {
        "items": [
            {
                "line": 3,
                "code": "invalid-price",
                "column": "price",
                "message": "Write the price in USD like 12.90, not '12,90'.",
            }
        ],
        "next_after": None,
    }
    assert [
        one["import_id"] for one in (await client.get("/catalog/imports", headers=seller("ann"))).json()["items"]
    ] == [import_id]
    assert (await client.get("/catalog/imports", headers=seller("bob"))).json()["items"] == []
    for hidden in (path, f"{path}/errors"):
        assert (await client.get(hidden, headers=seller("bob"))).json()["type"] == "/problems/import-not-found"
    (product,) = (await client.get("/catalog/products", params={"category": "home"})).json()["items"]
    assert (product["title"], product["offers"][0]["unit_price"]["amount"]) == ("A mug", 1290)
    of_ann = (await client.get("/catalog/products", params={"seller": "ann"})).json()
    assert [one["product_id"] for one in of_ann["items"]] == [product["product_id"]]


async def test_an_import_needs_a_registered_seller_and_a_known_format(client: httpx.AsyncClient) -> None:
    answer = await client.post("/catalog/imports", json={"format": "csv"}, headers=seller("nobody"))
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/unknown-seller")
    assert (await client.post("/catalog/imports", json={"format": "xlsx"}, headers=seller())).status_code == 422


async def test_an_offer_and_a_product_are_withdrawn(client: httpx.AsyncClient) -> None:
    await offer(client, "ann", "mug", 1500, 3)
    await offer(client, "bob", "mug", 1400, 3)
    refused = await client.delete("/catalog/products/mug", headers=seller("ann"))
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/offered-by-others")
    assert (await client.delete("/catalog/products/mug/offer", headers=seller("bob"))).status_code == 204
    assert (await client.delete("/catalog/products/mug/offer", headers=seller("bob"))).status_code == 404
    assert (await client.delete("/catalog/products/mug", headers=seller("ann"))).status_code == 204
    assert (await client.get("/catalog/products/mug")).status_code == 404


async def test_categories_are_a_tree_that_products_are_filed_in(client: httpx.AsyncClient) -> None:
    tree = (await client.get("/catalog/categories")).json()["items"]
    assert "kitchen" in [child["category_id"] for child in tree[0]["children"]]
    body = {"title": "Mug", "category": "kitchen"}
    assert (await client.put("/catalog/products/mug", json=body, headers=seller())).json()["category"] == "kitchen"
    for wrong in ({"category": "unheard-of"}, {"category": "home", "seller": "ann"}):
        assert (await client.get("/catalog/products", params=wrong)).status_code == 422
    answer = await client.put("/catalog/products/mug", json=body | {"category": "none"}, headers=seller())
    assert answer.json()["type"] == "/problems/unknown-category"
