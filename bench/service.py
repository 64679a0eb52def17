"""The checkout service as it is deployed, with a flow that only remembers what was started.

The accept path ends where the order is in PostgreSQL and its outbox row is relayed; what the workflow engine on this
machine can take is another measurement. `GET /bench/started` tells how many orders the relay has handed over.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from fastapi import FastAPI

from commerce.adapters.memory import MemoryEventBus
from services.checkout.app import Stores, create_app, open_real_stores
from services.checkout.settings import CheckoutSettings
from services.http.server import serve


class StartedOrders:
    """A checkout flow that takes every order and does nothing with it."""

    def __init__(self) -> None:
        self.order_ids: set[str] = set()

    async def start(self, order_id: str, attempt: int = 1) -> None:
        self.order_ids.add(order_id)


def bench_app(settings: CheckoutSettings) -> FastAPI:
    flow = StartedOrders()

    @asynccontextmanager
    async def stores(of: CheckoutSettings) -> AsyncIterator[Stores]:
        async with open_real_stores(of) as real:
            yield replace(real, flow=flow, bus=MemoryEventBus())

    app = create_app(settings, stores)

    @app.get("/bench/started")
    def started() -> int:
        return len(flow.order_ids)

    return app


if __name__ == "__main__":
    serve(CheckoutSettings, bench_app)
