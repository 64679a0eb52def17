"""What an import does, in memory and on the real stores: by SKU, once, and whatever else happens meanwhile."""

from __future__ import annotations

import json
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import asyncpg
import pytest
from commerce_samples import MarketPorts, checkout, memory_market, postgres_market

from commerce.adapters.memory import MemoryFiles, MemoryImports, MemoryMarket, MemoryProducts
from commerce.adapters.postgres import PostgresImports
from commerce.catalog import Product, Seller, UnknownSeller, offer_id_for
from commerce.events import EventType
from commerce.import_reading import ImportFormat, Position
from commerce.imports import KEPT_ERRORS, Import, ImportMoved, ImportNotFound, ImportState, import_key, own_product_id
from commerce.offer_import import OfferImporter, expect_import
from commerce.ports import Imports

Told = Callable[[], Awaitable[list[dict[str, Any]]]]


@dataclass(kw_only=True)
class Shop:
    market: MarketPorts
    imports: Imports
    products: MemoryProducts
    files: MemoryFiles
    told: Told
    """The data of all `offer_changed` events."""

    def importer(self, batch_rows: int = 2) -> OfferImporter:
        return OfferImporter(
            imports=self.imports,
            offers=self.market.offers,
            products=self.products,
            files=self.files,
            currency="usd",
            batch_rows=batch_rows,
        )

    async def upload(self, content: str, seller_id: str = "ada", format: ImportFormat = ImportFormat.CSV) -> str:
        expected = await expect_import(self.imports, self.files, seller_id, format)
        self.files.receive(expected.upload.fields, content.encode())
        return expected.job.import_id

    async def run(self, content: str, seller_id: str = "ada") -> Import:
        return await self.importer().run(await self.upload(content, seller_id))

    async def errors(self, job: Import) -> list[tuple[int, str]]:
        return [(error.line, error.code) for error in await self.imports.errors(job.import_id, 0, 100)]

    async def offers(self, product_id: str) -> dict[str, tuple[str, int, int]]:
        listings = (await self.market.offers.listings([product_id]))[product_id]
        offers = [listing.offer for listing in listings]
        return {one.seller_id: (one.title, one.unit_price.amount, one.stock) for one in offers}


@pytest.fixture(params=["memory", "postgres"])
def stores(request: pytest.FixtureRequest) -> tuple[MarketPorts, Imports, Told]:
    if request.param == "memory":
        store = MemoryMarket()

        async def remembered() -> list[dict[str, Any]]:
            events = [row.recorded.event for row in store.events.values()]
            return [dict(event.data) for event in events if event.type is EventType.OFFER_CHANGED]

        return memory_market(store), MemoryImports(store), remembered
    pool: asyncpg.Pool = request.getfixturevalue("pool")

    async def stored() -> list[dict[str, Any]]:
        rows = await pool.fetch("SELECT data FROM events WHERE type = 'offer_changed' ORDER BY event_id")
        return [json.loads(row["data"]) for row in rows]

    return postgres_market(pool), PostgresImports(pool), stored


@pytest.fixture
async def shop(stores: tuple[MarketPorts, Imports, Told]) -> Shop:
    market, imports, told = stores
    shop = Shop(market=market, imports=imports, products=MemoryProducts(), files=MemoryFiles(), told=told)
    for seller_id in ("ada", "ben"):
        await market.offers.put_seller(Seller(seller_id=seller_id, display_name=seller_id.title()))
    await shop.products.put(Product(product_id="mug", title="Mug", description="", owner_id="ben"))
    return shop


MUG = own_product_id("ada", "A1")


async def test_rows_offer_products_that_are_there_and_describe_new_ones(shop: Shop) -> None:
    job = await shop.run("sku,price,stock,product_id,title,category\nA0,2.50,7,mug,,\nA1,3,1,,Big mug,kitchen\n")
    assert (job.state, job.counts.created, job.counts.failed) == (ImportState.FINISHED, 2, 0)
    assert job.finished_at is not None
    assert job.size == job.position.offset
    assert await shop.offers("mug") == {"ada": ("Mug", 250, 7)}
    assert await shop.offers(MUG) == {"ada": ("Big mug", 300, 1)}
    assert await shop.products.get(MUG) == Product(
        product_id=MUG, title="Big mug", description="", owner_id="ada", category="kitchen"
    )


async def test_the_same_file_again_changes_nothing_and_brings_no_sold_unit_back(shop: Shop) -> None:
    file = "sku,price,stock,title\nA1,3,5,Mug of Ada\n"
    await shop.run(file)
    offer_id = offer_id_for("ada", MUG)
    await shop.market.orders.accept(checkout("o1", {offer_id: 2}))
    await shop.market.orders.record_authorization("o1", "pi")
    await shop.market.orders.confirm_stock("o1")
    told = await shop.told()
    again = await shop.run(file)
    assert (again.counts.unchanged, again.counts.changed) == (1, 0)
    assert await shop.offers(MUG) == {"ada": ("Mug of Ada", 300, 3)}
    assert await shop.told() == told
    # Another number is a new count.
    await shop.run("sku,price,stock,title\nA1,3,8,Mug of Ada\n")
    assert await shop.offers(MUG) == {"ada": ("Mug of Ada", 300, 8)}


async def test_prices_and_titles_follow_the_file(shop: Shop) -> None:
    await shop.run("sku,price,stock,title\nA1,3,5,Mug of Ada\n")
    known = await shop.products.get(MUG)
    await shop.market.offers.create(
        replace((await shop.imports.known("ada", ["A1"], []))[0].offer, offer_id="of-ben", seller_id="ben")
    )
    job = await shop.run("sku,price,stock,title\nA1,4,5,Cup of Ada\n")
    assert job.counts.changed == 1
    assert await shop.offers(MUG) == {"ada": ("Cup of Ada", 400, 5), "ben": ("Cup of Ada", 300, 5)}
    assert await shop.products.get(MUG) == replace(known, title="Cup of Ada")
    # A file of prices needs no description.
    await shop.run("sku,price,stock,product_id\nA1,5,5,\n")
    assert (await shop.offers(MUG))["ada"] == ("Cup of Ada", 500, 5)


async def test_a_description_of_another_sellers_product_is_not_used(shop: Shop) -> None:
    await shop.run("sku,price,stock,product_id,title\nA0,1,1,mug,Mine now\n")
    assert await shop.offers("mug") == {"ada": ("Mug", 100, 1)}
    assert (await shop.products.get("mug")).title == "Mug"


async def test_bad_rows_are_told_by_line_and_the_good_ones_kept(shop: Shop) -> None:
    await shop.run("sku,price,stock,product_id\nA0,1,1,mug\n")
    await shop.products.put(Product(product_id="gone", title="x", description="", owner_id="ben", withdrawn=True))
    job = await shop.run(
        "sku,price,stock,product_id,expected_stock\n"
        "A1,1,1,,\n"  # 2: nothing says what it is
        "A2,free,1,mug,\n"  # 3
        "A3,1,1,ghost,\n"  # 4
        "A0,1,1,gone,\n"  # 5
        "B0,1,1,mug,\n"  # 6: the offer of this product has another SKU
        "A0,2,2,mug,9\n"  # 7
        "A0,3,3,mug,1\n"  # 8: good
        f"A9,1,1,{own_product_id('ben', 'B1')},\n"  # 9
    )
    assert await shop.errors(job) == [
        (2, "unknown-product"),
        (3, "invalid-price"),
        (4, "unknown-product"),
        (5, "product-withdrawn"),
        (6, "product-of-another-sku"),
        (7, "offer-changed"),
        (9, "unknown-product"),
    ]
    assert (job.counts.failed, job.counts.changed) == (7, 1)
    assert await shop.offers("mug") == {"ada": ("Mug", 300, 3)}


async def test_a_sku_stays_with_its_product(shop: Shop) -> None:
    await shop.products.put(Product(product_id="cup", title="Cup", description="", owner_id="ben"))
    await shop.run("sku,price,stock,product_id\nA0,1,1,mug\n")
    job = await shop.run("sku,price,stock,product_id\nA0,1,1,cup\n")
    assert await shop.errors(job) == [(2, "sku-of-another-product")]
    assert await shop.offers("cup") == {}


async def test_nobody_takes_the_id_of_anothers_sku(shop: Shop) -> None:
    job = await shop.run(f"sku,price,stock,product_id,title\nB0,1,1,{MUG},Squatted\n", "ben")
    assert await shop.errors(job) == [(2, "invalid-product-id")]


async def test_sellers_with_the_same_skus_do_not_meet(shop: Shop) -> None:
    file = "sku,price,stock,title\nA1,1,1,Mug\n"
    mine, theirs = await shop.run(file, "ada"), await shop.run(file, "ben")
    assert (mine.counts.created, theirs.counts.created) == (1, 1)
    assert set(await shop.offers(MUG)) == {"ada"}
    with pytest.raises(ImportNotFound):
        await shop.imports.get(mine.import_id, "ben")
    assert [job.import_id for job in await shop.imports.of_seller("ben", 10)] == [theirs.import_id]
    assert await shop.imports.of_seller("ben", 10, theirs.created_at) == ()


async def test_a_withdrawn_offer_comes_back_with_the_file_that_lists_it(shop: Shop) -> None:
    file = "sku,price,stock,title\nA1,1,4,Mug\n"
    await shop.run(file)
    await shop.market.offers.withdraw([offer_id_for("ada", MUG)])
    assert (await shop.run(file)).counts.changed == 1
    assert await shop.offers(MUG) == {"ada": ("Mug", 100, 4)}


async def test_a_batch_tells_of_all_its_offers_with_one_event(shop: Shop) -> None:
    lines = "".join(f"A{number},1,1,Mug {number}\n" for number in range(5))
    await shop.importer(batch_rows=3).run(await shop.upload(f"sku,price,stock,title\n{lines}"))
    told = [event["product_ids"] for event in await shop.told()]
    assert [len(ids) for ids in told] == [2, 3]  # the first line of the file counts as one of a batch
    assert {one for ids in told for one in ids} == {own_product_id("ada", f"A{number}") for number in range(5)}


async def test_a_worker_that_is_killed_is_followed_by_one_that_goes_on(shop: Shop) -> None:
    lines = "".join(f"A{number},1,1,Mug {number}\n" for number in range(9))
    whole = f"sku,price,stock,title\n{lines}"
    for killed_at in range(5):
        import_id = await shop.upload(whole.replace("A", f"K{killed_at}-"))
        importer, applied = shop.importer(), 0
        apply = shop.imports.apply

        async def dying(*given: Any, apply: Any = apply, killed_at: int = killed_at) -> Import:
            nonlocal applied
            if applied == killed_at:
                raise KeyboardInterrupt
            applied += 1
            job: Import = await apply(*given)
            return job

        shop.imports.apply = dying  # type: ignore[method-assign]
        with pytest.raises(KeyboardInterrupt):
            await importer.run(import_id)
        shop.imports.apply = apply  # type: ignore[method-assign]
        halfway = await shop.imports.get(import_id)
        assert halfway.state is ImportState.RUNNING
        assert halfway.counts.created < 9
        job = await shop.importer().run(import_id)
        assert (job.state, job.counts.created, job.counts.unchanged) == (ImportState.FINISHED, 9, 0)
        assert job.position == Position(offset=len(whole.replace("A", f"K{killed_at}-")), line=10)
        assert await shop.importer().run(import_id) == job  # delivered once more


async def test_of_two_workers_on_one_file_each_batch_is_done_by_one(shop: Shop) -> None:
    import_id = await shop.upload("sku,price,stock,title\n" + "".join(f"A{n},1,1,Mug\n" for n in range(6)))
    slow, apply = shop.importer(), shop.imports.apply

    async def overtaken(*given: Any) -> Import:
        shop.imports.apply = apply  # type: ignore[method-assign]
        await shop.importer().run(import_id)
        job: Import = await apply(*given)
        return job

    shop.imports.apply = overtaken  # type: ignore[method-assign]
    job = await slow.run(import_id)
    assert (job.state, job.counts.created) == (ImportState.FINISHED, 6)


async def test_a_position_is_passed_once(shop: Shop) -> None:
    import_id = await shop.upload("sku,price,stock,title\n")
    end = Position(offset=10, line=1)
    with pytest.raises(ImportMoved):
        await shop.imports.apply(import_id, Position(), end, [], [])  # it has not begun
    await shop.imports.begin(import_id, 22)
    await shop.imports.apply(import_id, Position(), end, [], [])
    with pytest.raises(ImportMoved):
        await shop.imports.apply(import_id, Position(), end, [], [])
    ended = await shop.imports.end(import_id)
    assert await shop.imports.end(import_id, "late") == ended
    assert await shop.imports.begin(import_id, 1) == ended


@pytest.mark.parametrize(("content", "why"), [("sku;price\n", "Missing: stock"), ("\ufeff", "Missing")])
async def test_a_file_that_is_no_import_says_why(shop: Shop, content: str, why: str) -> None:
    job = await shop.run(content)
    assert job.state is ImportState.REFUSED
    assert why in (job.failure or "")


async def test_a_file_that_was_deleted_meanwhile_is_asked_for_again(shop: Shop) -> None:
    import_id = await shop.upload("sku,price,stock,title\n")
    await shop.files.delete([import_key("ada", import_id)])
    job = await shop.importer().run(import_id)
    assert job.state is ImportState.REFUSED
    assert "Upload it again" in (job.failure or "")


async def test_many_errors_are_counted_and_the_first_are_kept(shop: Shop) -> None:
    lines = "".join(f"A{number},x,1,Mug\n" for number in range(KEPT_ERRORS + 50))
    job = await shop.importer(batch_rows=400).run(await shop.upload(f"sku,price,stock,title\n{lines}"))
    assert job.counts.failed == KEPT_ERRORS + 50
    assert len(await shop.imports.errors(job.import_id, 0, 2_000)) == KEPT_ERRORS
    assert [error.line for error in await shop.imports.errors(job.import_id, 500, 2)] == [501, 502]


async def test_lines_of_json_are_imported_like_a_table(shop: Shop) -> None:
    content = '{"sku": "A1", "price": 3.5, "stock": 2, "title": "Mug"}\n{"sku": "A0", "price": "1", "stock": 1}\n'
    job = await shop.importer().run(await shop.upload(content, format=ImportFormat.JSON_LINES))
    assert await shop.offers(MUG) == {"ada": ("Mug", 350, 2)}
    assert await shop.errors(job) == [(2, "unknown-product")]


async def test_an_import_is_of_a_registered_seller(shop: Shop) -> None:
    with pytest.raises(UnknownSeller):
        await expect_import(shop.imports, shop.files, "ghost", ImportFormat.CSV)
    with pytest.raises(ImportNotFound):
        await shop.importer().run(uuid.uuid4().hex)
