"""One trace per request, the caller's where it sent one."""

from __future__ import annotations

from typing import Final

from fastapi.telemetry import TelemetryConfig
from opentelemetry.trace import Span
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from commerce.adapters.telemetry import TRACE_HEADERS, continue_trace
from commerce.adapters.tracing import ROUTE, STATUS, failed, request_span

_WANTED = frozenset(name.encode() for name in TRACE_HEADERS)
UNRECORDED = frozenset({"/healthz", "/readyz", "/ping"})
"""What the platform asks every few seconds."""
UNRECORDED_BY_FRAMEWORK: Final = TelemetryConfig(tracing=False, metrics=False, logs=False, auto_configure=False)
"""FastAPI would record each request a second time, with its whole address and query."""


class TraceMiddleware:
    """Continues the trace in the request's own context, so that every log line and problem carries its id, and records
    the request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # Not reset afterwards: each request has its own context, and an unexpected error is answered outside of
        # this middleware, with the trace id.
        continue_trace({name.decode(): value.decode("latin-1") for name, value in scope["headers"] if name in _WANTED})
        if scope.get("path") in UNRECORDED:
            await self._app(scope, receive, send)
            return
        span = request_span(scope.get("method", ""))
        if not span.is_recording():
            await self._app(scope, receive, send)
            return
        try:
            await self._app(scope, receive, _noting_status(span, send))
        except BaseException as error:
            failed(span, error)
            raise
        finally:
            # The route and not the path, which has ids of people and things.
            if route := getattr(scope.get("route"), "path", None):
                span.set_attribute(ROUTE, route)
                span.update_name(f"{scope['method']} {route}")
            span.end()


def _noting_status(span: Span, send: Send) -> Send:
    async def noting(message: Message) -> None:
        if message["type"] == "http.response.start":
            span.set_attribute(STATUS, message["status"])
        await send(message)

    return noting
