"""A seller's file of 100,000 offers, imported into a real PostgreSQL with its durable defaults.

Beside it what PostgreSQL itself takes in the same run: COPY into a table with the columns and indexes of the offers, a
commit for as many rows as a batch of the import has.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import asyncpg

from bench.report import Measure
from commerce.adapters.memory import MemoryFiles, MemoryProducts
from commerce.adapters.postgres import DatabaseSettings, PostgresImports, PostgresOffers, connect_pool, migrate
from commerce.catalog import Seller, offer_id_for
from commerce.import_reading import ImportFormat
from commerce.imports import Import, ImportState
from commerce.offer_import import BATCH_ROWS, OfferImporter, expect_import
from toolkit.local.servers.postgres import PostgresServer

OFFERS = 100_000
COLUMNS = (
    "offer_id",
    "seller_id",
    "product_id",
    "title",
    "unit_price",
    "currency",
    "stock",
    "sku",
    "declared_stock",
    "described",
)


def measure() -> list[Measure]:
    """Imports new products, then the same file again, then new prices, in a database of its own."""
    with tempfile.TemporaryDirectory() as folder:
        postgres = PostgresServer(Path(folder) / "postgres")
        postgres.start()
        try:
            return asyncio.run(_measure(postgres.url))
        finally:
            postgres.stop()


async def _measure(dsn: str) -> list[Measure]:
    owner = await asyncpg.connect(dsn)
    await migrate(owner)
    pool = await connect_pool(DatabaseSettings.from_dsn(dsn), 1, 2)
    try:
        offers = PostgresOffers(pool)
        for seller_id in ("ada", "ben"):
            await offers.put_seller(Seller(seller_id=seller_id, display_name=seller_id))
        files = MemoryFiles()
        importer = OfferImporter(
            imports=PostgresImports(pool), offers=offers, products=MemoryProducts(), files=files, currency="usd"
        )

        async def imported(seller_id: str, content: bytes) -> tuple[Import, float]:
            expected = await expect_import(PostgresImports(pool), files, seller_id, ImportFormat.CSV)
            files.receive(expected.upload.fields, content)
            started = time.perf_counter()
            job = await importer.run(expected.job.import_id)
            seconds = time.perf_counter() - started
            assert job.state is ImportState.FINISHED, job
            return job, OFFERS / seconds

        described = _file("sku,price,stock,title,category", "SKU-{0},{1}.90,{2},Product number {0},kitchen")
        new, new_rate = await imported("ada", described)
        assert new.counts.created == OFFERS
        same, same_rate = await imported("ada", described)
        assert same.counts.unchanged == OFFERS
        product_ids = [row["product_id"] for row in await owner.fetch("SELECT product_id FROM offers ORDER BY sku")]
        beside, beside_rate = await imported("ben", _of_products(product_ids))
        assert beside.counts.created == OFFERS
        prices, price_rate = await imported("ada", _file("sku,price,stock,title", "SKU-{0},{1}.95,{2},"))
        assert prices.counts.changed == OFFERS
        copied = await _copy_limit(owner)
        memory = await _peak_megabytes(importer, pool, files, described)
    finally:
        await pool.close()
        await owner.close()

    def line(name: str, rate: float) -> Measure:
        return Measure(name=name, value=f"{rate:,.0f} offers/s", ratio=f"{rate / copied:.2f}")

    return [
        line("offers of products that are there, to COPY", beside_rate),
        line("new prices and counts, to COPY", price_rate),
        line("the same file again, to COPY", same_rate),
        line("new offers with new products (documents in memory), to COPY", new_rate),
        Measure(name="PostgreSQL's COPY, the same batches", value=f"{copied:,.0f} rows/s"),
        Measure(name=f"memory that a file of {len(described) / 1e6:.0f} MB takes at most", value=f"{memory:.1f} MB"),
    ]


def _file(header: str, line: str) -> bytes:
    rows = (line.format(number, 1 + number % 500, number % 90) for number in range(OFFERS))
    return "\n".join((header, *rows)).encode()


def _of_products(product_ids: Sequence[str]) -> bytes:
    rows = (f"B-{number},9.90,5,{product_id}" for number, product_id in enumerate(product_ids))
    return "\n".join(("sku,price,stock,product_id", *rows)).encode()


async def _copy_limit(owner: asyncpg.Connection) -> float:
    await owner.execute("CREATE TABLE copied (LIKE offers INCLUDING ALL) WITH (fillfactor = 70)")
    rows = [
        (offer_id_for("ada", str(n)), "ada", f"product-{n}", f"Product number {n}", 1_990, "usd", 5, f"SKU-{n}", 5, "x")
        for n in range(OFFERS)
    ]
    started = time.perf_counter()
    for first in range(0, OFFERS, BATCH_ROWS):
        await owner.copy_records_to_table("copied", records=rows[first : first + BATCH_ROWS], columns=COLUMNS)
    return OFFERS / (time.perf_counter() - started)


async def _peak_megabytes(importer: OfferImporter, pool: asyncpg.Pool, files: MemoryFiles, content: bytes) -> float:
    """What one more import of a file allocates beside the file, which the store holds."""
    expected = await expect_import(PostgresImports(pool), files, "ada", ImportFormat.CSV)
    files.receive(expected.upload.fields, content)
    tracemalloc.start()
    await importer.run(expected.job.import_id)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / 1e6
