"""The distribution in front of the gateway: firewall, behaviors, files of buckets, headers."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import quote

from toolkit.local.gateway.application import (
    HOP_BY_HOP,
    Gateway,
    Message,
    Receive,
    Scope,
    Send,
    header,
)
from toolkit.local.gateway.distribution import API, Behavior, Distribution
from toolkit.local.gateway.firewall import INSPECTED_BYTES, Firewall, Request
from toolkit.local.gateway.spec import HEALTH_PATH
from toolkit.local.gateway.upstream import Headers, Upstream, UpstreamError

API_HOST = re.compile(rb"[a-z0-9]+\.execute-api\.[a-z0-9-]+\.amazonaws\.com(:\d+)?")
"""The API's own address. A caller that names it as host speaks to the API past the distribution."""
FILE_SECONDS = 10.0
ASKED_OF_A_BUCKET = frozenset({b"if-none-match", b"if-modified-since", b"range"})
TOLD_BY_A_BUCKET = frozenset(
    {b"accept-ranges", b"cache-control", b"content-range", b"content-type", b"etag", b"last-modified"}
)
AS_DISTRIBUTION = (
    b"authorization",
    b"AWS4-HMAC-SHA256 Credential=cloudfront/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0",
)
"""The distribution signs what it asks of a bucket. moto wants a signature, and does not verify it."""
REFUSALS = {
    403: b"This distribution is not configured to allow the HTTP request method that was used for this request.",
    413: b"The request could not be satisfied: its body is too large.",
    429: b"The request could not be satisfied: too many requests.",
    502: b"The request could not be satisfied: the origin does not answer.",
}


class Edge:
    """An ASGI application that is to a viewer what the distribution is."""

    def __init__(self, distribution: Distribution, gateway: Gateway, buckets_url: str) -> None:
        self._gateway = gateway
        self._buckets = Upstream(buckets_url)
        self._firewall = Firewall(distribution.rules)
        self._behaviors = [(behavior.expression, behavior) for behavior in distribution.behaviors]
        self._start_page = distribution.start_page
        self._headers: Headers = [(name.encode(), value.encode()) for name, value in distribution.headers.items()]
        self._overridden = frozenset(name for name, _ in self._headers)
        self._origin_headers: Headers = [
            (name.encode(), value.encode()) for name, value in distribution.origin_headers.items()
        ]
        self._origin_names = frozenset(name for name, _ in self._origin_headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        host = header(scope["headers"], b"host") if scope["type"] == "http" else None
        if host is None or scope["path"] == HEALTH_PATH or API_HOST.fullmatch(host):
            await self._gateway(scope, receive, send)
            return
        body_bytes, receive = await _measured(scope, receive)
        refused = self._firewall.refusal(Request(path=scope["path"], address=_viewer(scope), body_bytes=body_bytes))
        behavior = self._behavior(scope["path"])
        if refused is None and scope["method"] not in behavior.methods:
            refused = 403
        if refused is not None:
            await self._send(send, scope, refused, [(b"content-type", b"text/plain")], REFUSALS.get(refused, b""))
        elif behavior.origin == API:
            await self._gateway(self._to_api(scope), receive, self._with_headers(send))
        else:
            await self._file(behavior.origin, scope, send)

    def _behavior(self, path: str) -> Behavior:
        return next(behavior for expression, behavior in self._behaviors if expression.match(path))

    def _to_api(self, scope: Scope) -> Scope:
        kept = [one for one in scope["headers"] if one[0] not in self._origin_names]
        return {**scope, "headers": [*kept, *self._origin_headers]}

    def _with_headers(self, send: Send) -> Send:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [one for one in message["headers"] if one[0] not in self._overridden]
                message = {**message, "headers": [*kept, *self._headers]}
            await send(message)

        return sending

    async def _file(self, bucket: str, scope: Scope, send: Send) -> None:
        key = scope["path"].lstrip("/") or self._start_page
        asked = [AS_DISTRIBUTION, *(one for one in scope["headers"] if one[0] in ASKED_OF_A_BUCKET)]
        try:
            answer = await self._buckets.send(
                scope["method"].encode(), f"/{bucket}/{quote(key)}".encode(), asked, b"", timeout_seconds=FILE_SECONDS
            )
        except UpstreamError:
            await self._send(send, scope, 502, [(b"content-type", b"text/plain")], REFUSALS[502])
            return
        told = [one for one in answer.headers if one[0] in TOLD_BY_A_BUCKET and one[0] not in HOP_BY_HOP]
        await self._send(send, scope, answer.status, told, answer.body)

    async def _send(self, send: Send, scope: Scope, status: int, headers: Headers, body: bytes) -> None:
        headers = [*headers, *self._headers]
        if scope["method"] != "HEAD":
            headers.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _viewer(scope: Scope) -> str | None:
    """The address that the rates count: the connection's or, for a caller here, the one that it says it stands for."""
    address = scope["client"][0] if scope.get("client") else "127.0.0.1"
    if not ipaddress.ip_address(address).is_loopback:
        return str(address)
    said = header(scope["headers"], b"x-forwarded-for")
    return said.rpartition(b",")[2].strip().decode("latin-1") if said else None


async def _measured(scope: Scope, receive: Receive) -> tuple[int, Receive]:
    """How large the body is. One that does not say so is read until it is larger than the firewall inspects."""
    length = header(scope["headers"], b"content-length")
    if length is not None or header(scope["headers"], b"transfer-encoding") is None:
        return int(length or 0), receive
    read: list[Message] = []
    size = 0
    while True:
        message = await receive()
        read.append(message)
        size += len(message.get("body", b""))
        if size > INSPECTED_BYTES or not message.get("more_body"):
            break

    async def again() -> Message:
        return read.pop(0) if read else await receive()

    return size, again
