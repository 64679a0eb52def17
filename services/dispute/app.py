"""The composition root of the dispute service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI

from commerce.adapters import cloud, postgres
from commerce.adapters.postgres import (
    DatabaseSettings,
    PostgresAuditLog,
    PostgresCases,
    PostgresOrders,
    PostgresReviews,
    PostgresStandings,
    connect_pool,
)
from services.dispute import administration, endpoints
from services.dispute.deadlines import keep_deadlines
from services.dispute.dependencies import Disputes, disputes_of
from services.dispute.settings import DisputeSettings
from services.http.application import build_app
from services.http.attention import Attention
from services.http.tokens import TokenVerifier

OpenDependencies = Callable[[DisputeSettings], AbstractAsyncContextManager[Disputes]]


def create_app(settings: DisputeSettings, open_dependencies: OpenDependencies | None = None) -> FastAPI:
    """The application; `open_dependencies` replaces the real stores in tests.

    While it runs, turns that were not taken in time are looked for, in this process.
    """
    attention = Attention(settings.orders_quiet_seconds)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with (open_dependencies or open_disputes)(settings) as disputes:
            app.state.dependencies = disputes
            deadlines = asyncio.create_task(keep_deadlines(disputes.cases, attention))
            try:
                yield
            finally:
                deadlines.cancel()
                await asyncio.gather(deadlines, return_exceptions=True)

    return build_app(
        title="Disputes",
        description="Cases between buyers and sellers, and what support and administrators do",
        lifespan=lifespan,
        routers=(endpoints.router, administration.router),
        checks=lambda request: disputes_of(request).checks,
        verifier=TokenVerifier(settings.token_rules),
        attention=attention,
        outages=(*postgres.OUTAGES, *cloud.load(settings.cloud).outages),
    )


@asynccontextmanager
async def open_disputes(settings: DisputeSettings) -> AsyncIterator[Disputes]:
    """Connects the service to the order database that this process's environment names, when it is first needed."""
    chosen, database = cloud.load(settings.cloud), DatabaseSettings()
    pool = await connect_pool(
        database,
        min_size=0,
        max_size=settings.database_connections,
        password=chosen.database_password(database),
    )
    try:
        yield Disputes(
            cases=PostgresCases(pool, commission_returned=settings.refund_commission),
            orders=PostgresOrders(pool),
            reviews=PostgresReviews(pool),
            standings=PostgresStandings(pool),
            audit=PostgresAuditLog(pool),
            checks={"orders": lambda: pool.execute("SELECT 1")},
        )
    finally:
        await pool.close()
