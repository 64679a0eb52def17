"""The composition root of the ranker.

It imports every SDK that ranking needs, so an entry imports it with the first invocation only.
"""

from __future__ import annotations

from commerce.adapters import cloud
from commerce.adapters.postgres import DatabaseSettings, PostgresAffinities, connect_pool
from commerce.adapters.redis import CacheSettings, RedisRankings, connect
from functions.recommendations.ranking import Ranker
from functions.recommendations.settings import RankerSettings


async def open_ranker() -> Ranker:
    """Connects the ranker to the databases and the cache that this process's environment names."""
    settings, database, cache = RankerSettings(), DatabaseSettings(), CacheSettings()
    chosen = cloud.load(settings.cloud)
    pool = await connect_pool(database, min_size=0, max_size=1, password=chosen.database_password(database))
    client = connect(cache, chosen.cache_credentials(cache))
    return Ranker(
        affinities=PostgresAffinities(pool),
        products=chosen.products(settings.products_collection),
        rankings=RedisRankings(client),
    )
