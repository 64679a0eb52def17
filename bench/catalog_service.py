"""The catalog service as it is deployed, with products in memory: searching reads none of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from fastapi import FastAPI

from commerce.adapters.memory import MemoryProducts
from services.catalog.app import create_app, open_catalog
from services.catalog.dependencies import Catalog
from services.catalog.settings import CatalogSettings
from services.http.server import serve


def bench_app(settings: CatalogSettings) -> FastAPI:
    @asynccontextmanager
    async def opened(of: CatalogSettings) -> AsyncIterator[Catalog]:
        async with open_catalog(of) as real:
            yield replace(real, products=MemoryProducts(), checks={"orders": real.checks["orders"]})

    return create_app(settings, opened)


if __name__ == "__main__":
    serve(CatalogSettings, bench_app)
