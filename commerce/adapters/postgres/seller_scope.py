"""One seller at a time: what is set for the transaction, and the policies of the seller service's role read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

import asyncpg

SETTING = "marketplace.seller_id"


@asynccontextmanager
async def acting_for(
    pool: asyncpg.Pool, seller_id: str, isolation: Literal["read_committed", "repeatable_read"] = "read_committed"
) -> AsyncIterator[asyncpg.Connection]:
    """A transaction in which row-level security shows this seller's rows only; it ends with the transaction."""
    async with pool.acquire() as connection, connection.transaction(isolation=isolation):
        await connection.execute("SELECT set_config($1, $2, true)", SETTING, seller_id)
        yield connection
