"""Searches per second over 50,000 offers, each result checked against PostgreSQL, beside what the engine itself does.

Measured at the service. The engine is the real OpenSearch where `OPENSEARCH_HOME` names one, else this machine's own;
every request is signed as for AWS.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import asyncpg

from bench.load import Load, drive, request
from bench.report import Measure
from commerce.adapters.opensearch import OpenSearch, OpenSearchIndex, SearchSettings
from commerce.adapters.opensearch.product_search import search_body
from commerce.adapters.postgres import DatabaseSettings, PostgresOffers, connect_pool, migrate
from commerce.catalog import Product
from commerce.search import IndexChange, SearchQuery, Sort, document_of
from tests.search.real_opensearch import HOME, real_opensearch
from tests.services.tokens import PROVIDER
from toolkit.local.processes.ports import free_port
from toolkit.local.servers.opensearch import OpenSearchServer
from toolkit.local.servers.postgres import PostgresServer

PRODUCTS = 40_000
OFFERS = 50_000
SELLERS = 200
SEARCHES = 3_000
CONNECTIONS = 8
PAGE = 24
KINDS = ("lamp", "chair", "table", "carpet", "shelf", "mirror", "vase", "clock", "basket", "curtain", "stool", "frame")
LOOKS = ("brass", "oak", "round", "small", "blue", "woven", "tall", "green", "folding", "vintage", "marble", "linen")
PLACES = ("kitchen", "garden", "bedroom", "office", "hall", "balcony", "bathroom", "studio")


def measure() -> list[Measure]:
    """Runs real PostgreSQL and the search engine in a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        postgres = PostgresServer(Path(folder) / "postgres")
        postgres.start()
        try:
            with real_opensearch() if os.environ.get(HOME) else _own_engine(Path(folder)) as url:
                return asyncio.run(_measure(postgres.url, url))
        finally:
            postgres.stop()


@contextlib.contextmanager
def _own_engine(folder: Path) -> Iterator[str]:
    engine = OpenSearchServer(folder / "opensearch")
    engine.start()
    try:
        yield engine.url
    finally:
        engine.stop()


async def _measure(dsn: str, engine: str) -> list[Measure]:
    address = urlsplit(engine)
    database = DatabaseSettings.from_dsn(dsn)
    pool = await connect_pool(database, min_size=1, max_size=4)
    try:
        async with pool.acquire() as connection:
            await migrate(connection)
        await _list_offers(pool)
        indexed = await _index(pool, engine)
    finally:
        await pool.close()
    queries = _queries(random.Random(7))
    with PROVIDER.serving():
        async with _service(database, address.netloc) as port:
            paths = [request("GET", f"/search?{urlencode(_parameters(query))}") for query in queries]
            await drive(port, paths[: SEARCHES // 10], connections=CONNECTIONS)  # warms connections and statements
            searched = await drive(port, paths, connections=CONNECTIONS)
            assert searched.statuses == {200: SEARCHES}, searched.statuses
    told = {"content_type": "application/json"}
    bodies = [request("POST", "/products/_search", json.dumps(search_body(one)).encode(), **told) for one in queries]
    limit = await drive(address.port or 80, bodies, connections=CONNECTIONS)
    assert limit.statuses == {200: SEARCHES}, limit.statuses
    return [
        Measure(
            name="searches, every result checked",
            value=f"{_told(searched)} "
            f"({OFFERS:,} offers of {PRODUCTS:,} products, pages of {PAGE}, {CONNECTIONS} at once)",
            ratio=f"{searched.per_second / limit.per_second:.2f} of the engine's own",
        ),
        Measure(
            name=f"the engine itself ({'OpenSearch' if os.environ.get(HOME) else 'local'}), the same searches",
            value=_told(limit),
            ratio="1",
        ),
        Measure(name="products indexed", value=f"{indexed:,.0f}/s", ratio=""),
    ]


def _told(load: Load) -> str:
    return f"{load.per_second:,.0f}/s, p50 {load.percentile_ms(50):.1f} ms, p99 {load.percentile_ms(99):.1f} ms"


async def _list_offers(pool: asyncpg.Pool) -> None:
    chance = random.Random(3)
    await pool.executemany(
        "INSERT INTO sellers (seller_id, display_name) VALUES ($1, $1)", [(f"seller-{one}",) for one in range(SELLERS)]
    )
    offers = [
        (
            f"offer-{number}",
            f"seller-{(number + number // PRODUCTS) % SELLERS}",
            f"product-{number % PRODUCTS}",
            _title(number % PRODUCTS),
            chance.randint(300, 60_000),
            chance.choice((0, 5, 50)),
        )
        for number in range(OFFERS)
    ]
    await pool.copy_records_to_table(
        "offers",
        records=[(*one[:5], "usd", one[5]) for one in offers],
        columns=["offer_id", "seller_id", "product_id", "title", "unit_price", "currency", "stock"],
    )
    await pool.execute("ANALYZE")


async def _index(pool: asyncpg.Pool, url: str) -> float:
    """Fills the index; products per second."""
    offers, client = PostgresOffers(pool), OpenSearch(SearchSettings.from_url(url))
    index = OpenSearchIndex(client)
    await index.prepare()
    started = asyncio.get_running_loop().time()
    for start in range(0, PRODUCTS, 1_000):
        products = [
            Product(product_id=f"product-{one}", title=_title(one), description=_description(one), owner_id="seller-0")
            for one in range(start, min(start + 1_000, PRODUCTS))
        ]
        listings = await offers.listings([product.product_id for product in products])
        changes = [
            IndexChange(product_id=one.product_id, version=1, document=document_of(one, listings[one.product_id]))
            for one in products
        ]
        assert await index.write(changes) == ()
    await client.aclose()
    return PRODUCTS / (asyncio.get_running_loop().time() - started)


def _title(number: int) -> str:
    look, kind = LOOKS[number % len(LOOKS)], KINDS[number // len(LOOKS) % len(KINDS)]
    return f"{look.title()} {kind} {number % 977}"


def _description(number: int) -> str:
    return f"A {LOOKS[number % 7]} {KINDS[number % 11]} for the {PLACES[number % 8]}, made by hand, model {number}."


def _queries(chance: random.Random) -> list[SearchQuery]:
    """What buyers type: two words, some misspelled, a third of them with a filter or an order of their own."""
    return [_query(chance) for _ in range(SEARCHES)]


def _query(chance: random.Random) -> SearchQuery:
    kind = chance.choice(KINDS)
    if chance.random() < 0.2:
        cut = chance.randrange(1, len(kind))
        kind = kind[:cut] + kind[cut + 1 :]
    text = f"{chance.choice((*LOOKS, *PLACES))} {kind}"
    match chance.randrange(9):
        case 0:
            return SearchQuery(text=text, maximum_price=chance.choice((5_000, 20_000)), limit=PAGE)
        case 1:
            return SearchQuery(text=text, sort=Sort.CHEAPEST, limit=PAGE)
        case 2:
            return SearchQuery(text=text, available=True, limit=PAGE)
    return SearchQuery(text=text, limit=PAGE)


def _parameters(query: SearchQuery) -> dict[str, Any]:
    given = {"q": query.text, "limit": query.limit, "sort": query.sort.value}
    if query.maximum_price is not None:
        given["max_price"] = query.maximum_price
    return given | ({"available": "true"} if query.available else {})


@contextlib.asynccontextmanager
async def _service(database: DatabaseSettings, engine: str) -> AsyncIterator[int]:
    port = free_port()
    settings: dict[str, Any] = {
        "HOST": "127.0.0.1",
        "PORT": port,
        "LOG_LEVEL": "WARNING",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        **{name.upper(): value for name, value in PROVIDER.settings().items()},
        "PRODUCTS_COLLECTION": "products",
        "IMAGES_STORE": "images",
        "CURRENCY": "usd",
        "ORDERS_HOST": database.host,
        "ORDERS_PORT": database.port,
        "ORDERS_DATABASE": database.database,
        "ORDERS_USER": database.user,
        "ORDERS_TLS": "disable",
        "ORDERS_AUTHENTICATION": "none",
        "CARTS_HOST": "127.0.0.1",  # nobody is there: searching asks no cache
        "CARTS_TLS": "disable",
        "SEARCH_HOST": engine,
        "SEARCH_SERVICE": "es",
        "SEARCH_TLS": "disable",
    }
    environment = os.environ | {name: str(value) for name, value in settings.items()}
    child = subprocess.Popen([sys.executable, "-m", "bench.catalog_service"], env=environment)  # noqa: ASYNC220
    try:
        await _ready(port)
        yield port
    finally:
        child.terminate()
        child.wait()


async def _ready(port: int) -> None:
    for _ in range(300):
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            load = await drive(port, [request("GET", "/readyz")], connections=1)
            if load.statuses[200]:
                return
        await asyncio.sleep(0.1)
    raise AssertionError("the catalog service did not become ready")
