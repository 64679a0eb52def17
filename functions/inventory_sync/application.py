"""The composition root of the inventory sync.

It imports every SDK that it needs, so an entry imports it with the first invocation only.
"""

from __future__ import annotations

from commerce.adapters import cloud
from commerce.adapters.opensearch import OpenSearch, OpenSearchIndex, SearchSettings
from commerce.adapters.postgres import DatabaseSettings, PostgresOffers, connect_pool
from commerce.adapters.redis import CacheSettings, RedisStockGate, connect
from commerce.indexing import Indexer
from commerce.stock_keeping import StockKeeper
from functions.inventory_sync.inventory_sync import InventorySync
from functions.inventory_sync.settings import InventorySyncSettings


async def open_inventory_sync() -> InventorySync:
    """Connects to the stores and the search engine that this process's environment names.

    One connection to the database: a call does one thing at a time.
    """
    settings, database, cache, engine = InventorySyncSettings(), DatabaseSettings(), CacheSettings(), SearchSettings()
    chosen = cloud.load(settings.cloud)
    pool = await connect_pool(database, min_size=0, max_size=1, password=chosen.database_password(database))
    offers = PostgresOffers(pool)
    index = OpenSearchIndex(OpenSearch(engine, chosen.search_signer(engine.service)))
    return InventorySync(
        indexer=Indexer(products=chosen.products(settings.products_collection), offers=offers, index=index),
        stock=StockKeeper(gate=RedisStockGate(connect(cache, chosen.cache_credentials(cache))), offers=offers),
        dead_letters=chosen.dead_letters(settings.search_rejected_queue),
        rebuild_after=settings.rebuild_after,
    )
