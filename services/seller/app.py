"""The seller service's composition root."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

from fastapi import FastAPI

from commerce.adapters import cloud, postgres
from commerce.adapters.postgres import (
    DatabaseSettings,
    PostgresHolds,
    PostgresPayouts,
    PostgresSales,
    PostgresSellerAccounts,
    PostgresStatements,
    connect_pool,
)
from commerce.adapters.stripe.clients import RotatedClients
from commerce.adapters.stripe.gateway import StripeGateway
from services.http.application import build_app
from services.http.tokens import TokenVerifier
from services.seller.dependencies import SellerService, sellers_of
from services.seller.endpoints import router
from services.seller.onboarding import Onboarding
from services.seller.settings import SellerSettings
from services.seller.support import router as support_router

OpenDependencies = Callable[[SellerSettings], AbstractAsyncContextManager[SellerService]]


def create_app(settings: SellerSettings, open_dependencies: OpenDependencies | None = None) -> FastAPI:
    """The seller service's application; `open_dependencies` replaces the real stores in tests."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with (open_dependencies or open_seller_service)(settings) as service:
            app.state.dependencies = service
            yield

    return build_app(
        title="Seller",
        description="A seller's orders, account and money",
        lifespan=lifespan,
        routers=(router, support_router),
        checks=lambda request: sellers_of(request).checks,
        verifier=TokenVerifier(settings.token_rules),
        outages=(*postgres.OUTAGES, *cloud.load(settings.cloud).outages),
    )


@asynccontextmanager
async def open_seller_service(settings: SellerSettings) -> AsyncIterator[SellerService]:
    """Connects the service to the database and the payment processor that this process's environment names.

    Nothing is connected before it is needed: the service starts, alive but not ready, while a store is away.
    """
    chosen, database = cloud.load(settings.cloud), DatabaseSettings()
    secrets = chosen.secrets()
    keys = RotatedClients(
        read=partial(secrets.read, settings.stripe_secret), forget=partial(secrets.forget, settings.stripe_secret)
    )
    pool = await connect_pool(
        database,
        min_size=0,
        max_size=settings.database_connections,
        password=chosen.database_password(database),
    )
    try:
        yield SellerService(
            sales=PostgresSales(pool),
            holds=PostgresHolds(pool),
            payouts=PostgresPayouts(pool),
            statements=PostgresStatements(pool),
            onboarding=Onboarding(accounts=PostgresSellerAccounts(pool), gateway=StripeGateway(keys)),
            return_window=settings.return_window,
            checks={"orders": lambda: pool.execute("SELECT 1")},
        )
    finally:
        await pool.close()
