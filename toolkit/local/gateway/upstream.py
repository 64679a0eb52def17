"""Requests to the services over kept connections.

httpx carries 550 requests/s through a gateway on one core of a laptop, httpcore 760; this carries several thousand.
That is the only reason why it exists.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

import httptools

Headers = list[tuple[bytes, bytes]]

IDLE_SECONDS = 4.0
"""uvicorn closes a connection that was idle for 5 seconds; ours are given up before."""
SAFE_TO_REPEAT = frozenset({b"GET", b"HEAD", b"OPTIONS", b"PUT", b"DELETE"})


class UpstreamError(Exception):
    """The service did not answer."""


@dataclass(frozen=True, kw_only=True)
class Response:
    """What a service answered, whole."""

    status: int
    headers: Headers
    body: bytes


class Upstream:
    """One service: `target` is its base URL."""

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self.host = f"{self._host}:{self._port}".encode()
        self._idle: deque[_Connection] = deque()

    async def send(
        self, method: bytes, path: bytes, headers: Headers, body: bytes, *, timeout_seconds: float
    ) -> Response:
        """The answer of the service; raises `UpstreamError` when there is none in time."""
        lines = [b"%s %s HTTP/1.1\r\nhost: %s\r\n" % (method, path, self.host)]
        lines += [b"%s: %s\r\n" % header for header in headers]
        lines.append(b"content-length: %d\r\n\r\n" % len(body) if body or method != b"GET" else b"\r\n")
        request = b"".join(lines) + body
        try:
            async with asyncio.timeout(timeout_seconds):
                kept = self._take()
                if kept is not None:
                    try:
                        return await self._exchange(kept, method, request)
                    except UpstreamError:
                        if method not in SAFE_TO_REPEAT:
                            raise
                return await self._exchange(await self._connect(), method, request)
        except OSError as error:
            raise UpstreamError(str(error)) from error
        except TimeoutError as error:
            raise UpstreamError(f"no answer in {timeout_seconds} seconds") from error

    async def _exchange(self, connection: _Connection, method: bytes, request: bytes) -> Response:
        finished = False
        try:
            response = await connection.exchange(method, request)
            finished = True
        finally:
            if not finished:
                connection.close()
        if connection.reusable:
            connection.idle_since = time.monotonic()
            self._idle.append(connection)
        else:
            connection.close()
        return response

    def _take(self) -> _Connection | None:
        oldest_allowed = time.monotonic() - IDLE_SECONDS
        while self._idle:
            connection = self._idle.pop()
            if connection.open and connection.idle_since > oldest_allowed:
                return connection
            connection.close()
        return None

    async def _connect(self) -> _Connection:
        loop = asyncio.get_running_loop()
        _, protocol = await loop.create_connection(_Connection, self._host, self._port)
        return protocol


class _Connection(asyncio.Protocol):
    """One exchange at a time; the parser calls the `on_` methods."""

    def __init__(self) -> None:
        self.idle_since = 0.0
        self.reusable = False
        self.open = False
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Response] | None = None
        self._headers: Headers = []
        self._body: list[bytes] = []
        self._parser = httptools.HttpResponseParser(self)
        self._bodiless = False

    async def exchange(self, method: bytes, request: bytes) -> Response:
        self._headers, self._body, self.reusable = [], [], False
        self._bodiless = method == b"HEAD"
        self._parser = httptools.HttpResponseParser(self)
        self._answer = asyncio.get_running_loop().create_future()
        if self._transport is None or not self.open:
            raise UpstreamError("the connection is closed")
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        self.open = False
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.open = True

    def connection_lost(self, exc: Exception | None) -> None:
        self.open = False
        self._fail("the service closed the connection")

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(f"the service does not speak HTTP: {error}")
            self.close()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        if self._bodiless:  # the parser would wait for the body that the length announces
            self._finish(reusable=False)

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        self._finish(reusable=self._parser.should_keep_alive())

    def _finish(self, *, reusable: bool) -> None:
        if self._answer is not None and not self._answer.done():
            self.reusable = reusable
            self._answer.set_result(
                Response(status=self._parser.get_status_code(), headers=self._headers, body=b"".join(self._body))
            )

    def _fail(self, why: str) -> None:
        if self._answer is not None and not self._answer.done():
            with contextlib.suppress(asyncio.InvalidStateError):
                self._answer.set_exception(UpstreamError(why))
