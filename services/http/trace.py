"""One trace per request, the caller's where it sent one."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from commerce.adapters.telemetry import TRACE_HEADERS, continue_trace

_WANTED = frozenset(name.encode() for name in TRACE_HEADERS)


class TraceMiddleware:
    """Continues the trace in the request's own context, so that every log line and problem carries its id."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            # Not reset afterwards: each request has its own context, and an unexpected error is answered outside of
            # this middleware, with the trace id.
            continue_trace(
                {name.decode(): value.decode("latin-1") for name, value in scope["headers"] if name in _WANTED}
            )
        await self._app(scope, receive, send)
