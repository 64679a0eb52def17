"""The loop that a function's invocations share."""

from __future__ import annotations

import asyncio

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
