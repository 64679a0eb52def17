"""The catalog's composition root."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI

from commerce.adapters import cloud, postgres, redis
from commerce.adapters.opensearch import OpenSearch, OpenSearchProductSearch, SearchSettings
from commerce.adapters.postgres import DatabaseSettings, PostgresImports, PostgresOffers, connect_pool
from commerce.adapters.redis import CacheSettings, RedisRankings, connect
from commerce.ports import Rankings
from commerce.product_images import ProductImages
from commerce.searching import CheckedSearch
from services.catalog import images, imports
from services.catalog.dependencies import Catalog, catalog_of
from services.catalog.endpoints import router
from services.catalog.search_endpoints import search_router
from services.catalog.settings import CatalogSettings
from services.catalog.views import ViewRecorder
from services.http.application import build_app
from services.http.tokens import TokenVerifier

OpenDependencies = Callable[[CatalogSettings], AbstractAsyncContextManager[Catalog]]


def create_app(settings: CatalogSettings, open_dependencies: OpenDependencies | None = None) -> FastAPI:
    """The catalog's application; `open_dependencies` replaces the real stores in tests."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with (open_dependencies or open_catalog)(settings) as catalog:
            app.state.dependencies = catalog
            yield

    return build_app(
        title="Catalog",
        description="Products, sellers and their offers",
        lifespan=lifespan,
        routers=(router, images.router, imports.router, search_router),
        checks=lambda request: catalog_of(request).checks,
        verifier=TokenVerifier(settings.token_rules),
        outages=(*postgres.OUTAGES, *redis.OUTAGES, *cloud.load(settings.cloud).outages),
    )


@asynccontextmanager
async def open_catalog(settings: CatalogSettings) -> AsyncIterator[Catalog]:
    """Connects the catalog to the stores that this process's environment names.

    Nothing is connected before it is needed: the service starts, alive but not ready, while a store is away.
    """
    chosen, database, cache = cloud.load(settings.cloud), DatabaseSettings(), CacheSettings()
    engine = SearchSettings()
    pool = await connect_pool(
        database,
        min_size=0,
        max_size=settings.database_connections,
        password=chosen.database_password(database),
    )
    client = connect(cache, chosen.cache_credentials(cache))
    opensearch = OpenSearch(engine, chosen.search_signer(engine.service))
    rankings: Rankings = RedisRankings(client)
    if settings.recommendations_views:
        rankings = chosen.learned_rankings(
            rankings, views=settings.recommendations_views, model=settings.recommendations_model
        )
    views = ViewRecorder(rankings)
    try:
        products, offers = chosen.products(settings.products_collection), PostgresOffers(pool)
        files = chosen.files(settings.images_store)
        async with views.running():
            yield Catalog(
                products=products,
                offers=offers,
                images=ProductImages(products=products, files=files),
                imports=PostgresImports(pool),
                files=files,
                rankings=rankings,
                views=views,
                search=CheckedSearch(search=OpenSearchProductSearch(opensearch), offers=offers),
                currency=settings.currency,
                # Without the cache there are no recommendations, without the search engine no search; the rest works.
                checks={"orders": lambda: pool.execute("SELECT 1"), "products": lambda: products.list(1)},
            )
    finally:
        await opensearch.aclose()
        await client.aclose()
        await pool.close()
