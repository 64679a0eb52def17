"""The loop that a function's invocations share."""

from __future__ import annotations

import asyncio
import time

import asyncpg

from commerce.adapters.postgres import DatabaseSettings, connect_pool
from commerce.adapters.telemetry import continue_trace, trace_id
from functions import event_loop


async def found() -> tuple[asyncio.AbstractEventLoop, str | None]:
    return asyncio.get_running_loop(), trace_id()


def test_each_invocation_has_its_own_trace_on_the_same_loop() -> None:
    loops, traces = [], []
    for digit in "ab":
        continue_trace({"traceparent": f"00-{digit * 32}-00f067aa0ba902b7-01"})
        loop, trace = event_loop.run(found())
        loops.append(loop)
        traces.append(trace)
    assert loops[0] is loops[1]
    assert traces == ["a" * 32, "b" * 32]


def test_a_connection_that_the_server_closed_while_the_process_was_frozen_is_not_used(postgres_dsn: str) -> None:
    async def opened() -> asyncpg.Pool:
        return await connect_pool(DatabaseSettings.from_dsn(postgres_dsn), 1, 1)

    pool = event_loop.run(opened())
    used = event_loop.run(pool.fetchval("SELECT pg_backend_pid()"))

    async def end() -> None:
        administrator = await asyncpg.connect(postgres_dsn)
        assert await administrator.fetchval("SELECT pg_terminate_backend($1)", used)
        await administrator.close()

    asyncio.run(end())
    time.sleep(0.2)
    assert event_loop.run(pool.fetchval("SELECT pg_backend_pid()")) != used
    event_loop.run(pool.close())
