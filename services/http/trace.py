"""One trace id per request, taken from the caller where it sent one."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from contextvars import ContextVar

from starlette.types import ASGIApp, Receive, Scope, Send

# The id is 32 hexadecimal digits, as in W3C Trace Context; AWS writes the same digits as `1-<8>-<24>`.
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?P<id>[0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_AMAZON = re.compile(r"(?:^|;)\s*Root=1-(?P<time>[0-9a-f]{8})-(?P<unique>[0-9a-f]{24})")

trace_id: ContextVar[str | None] = ContextVar("trace_id", default=None)


def trace_id_of(headers: Mapping[str, str]) -> str:
    """The trace id from `traceparent`, else from `x-amzn-trace-id`, else a new one."""
    if match := _TRACEPARENT.fullmatch(headers.get("traceparent", "")):
        return match["id"]
    if match := _AMAZON.search(headers.get("x-amzn-trace-id", "")):
        return match["time"] + match["unique"]
    # Unique is enough, secret it need not be; asking the kernel for randomness would cost each request a system call.
    return f"{random.getrandbits(128):032x}"


class TraceMiddleware:
    """Sets `trace_id` in the request's context, so that every log line and problem carries it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        wanted = (b"traceparent", b"x-amzn-trace-id")
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"] if name in wanted}
        # Never reset: the server runs each request in a context of its own, and a fault is answered outside of here.
        trace_id.set(trace_id_of(headers))
        await self._app(scope, receive, send)
