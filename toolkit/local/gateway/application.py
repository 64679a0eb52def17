"""The gateway itself: an ASGI application in front of the services of an API."""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from toolkit.local.gateway.api import GatewaySettings, Guard, Route
from toolkit.local.gateway.authorizer import JwtAuthorizer, UnauthorizedError
from toolkit.local.gateway.functions import FunctionCaller, request_of
from toolkit.local.gateway.router import Router
from toolkit.local.gateway.spec import HEALTH_PATH
from toolkit.local.gateway.throttle import TokenBucket
from toolkit.local.gateway.upstream import Headers, Upstream, UpstreamError
from toolkit.local.lambda_functions.workers import Workers

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

MOST_BODY_BYTES = 10 * 1024 * 1024
"""API Gateway's limit of a payload."""
HOP_BY_HOP = frozenset(
    {b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade"}
)
NOT_FORWARDED = HOP_BY_HOP | {b"host", b"content-length", b"expect"}
TRACE_ROOT = re.compile(rb"Root=1-([0-9a-f]{8})-([0-9a-f]{24})")
MESSAGES = {
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    413: "Request Entity Too Large",
    429: "Too Many Requests",
    503: "Service Unavailable",
}


class Gateway:
    """Routes, authorizes, throttles and forwards; answers errors in API Gateway's words."""

    def __init__(self, settings: GatewaySettings) -> None:
        api = settings.api
        self._router = Router(api.routes)
        self._cors = api.cors
        self._authorizers = {
            authorizer: JwtAuthorizer(authorizer, settings.keys_urls[authorizer.issuer])
            for authorizer in {route.authorizer for route in api.routes if route.authorizer}
        }
        self._upstreams = {service: Upstream(url) for service, url in settings.services.items()}
        self._buckets = {
            (route.method, route.path): TokenBucket(limit)
            for route in api.routes
            if (limit := route.throttle or api.throttle)
        }
        self._functions = FunctionCaller(Workers(settings.workers)) if settings.workers else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request_headers: Headers = scope["headers"]
        origin = header(request_headers, b"origin")
        if scope["path"] == HEALTH_PATH:
            status, headers, body = 200, [(b"content-type", b"application/json")], b'{"status": "ok"}'
        elif origin is not None and self._is_unrouted_preflight(scope):
            status, headers, body = 204, [], b""
        else:
            status, headers, body = await self._answer(scope, receive)
        if self._cors is not None and origin is not None:
            headers = [*headers, *self._cors_headers(origin.decode("latin-1"), status == 204)]
        headers += [(b"apigw-requestid", uuid.uuid4().hex[:16].encode())]
        if scope["method"] != "HEAD":
            headers.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _is_unrouted_preflight(self, scope: Scope) -> bool:
        """Whether the CORS configuration answers. A route that takes OPTIONS comes first, with its authorizer."""
        return (
            self._cors is not None
            and _is_preflight(scope["method"], scope["headers"])
            and self._router.find(scope["method"], scope["path"]) is None
        )

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[int, Headers, bytes]:
        headers: Headers = scope["headers"]
        route = self._router.find(scope["method"], scope["path"])
        if route is None:
            return _refusal(404)
        if route.authorizer is not None:
            authorization = header(headers, b"authorization")
            try:
                token = authorization.decode("latin-1") if authorization is not None else None
                claims = await self._authorizers[route.authorizer].claims(token)
            except UnauthorizedError as error:
                return _refusal(401, (b"www-authenticate", b'Bearer error_description="%s"' % _quotable(str(error))))
            if route.scopes and set(route.scopes).isdisjoint(str(claims.get("scope", "")).split()):
                return _refusal(403)
        bucket = self._buckets.get((route.method, route.path))
        if bucket is not None and not bucket.take():
            return _refusal(429)
        body = await _read(receive)
        if body is None:
            return _refusal(413)
        return await (self._call(scope, route, body) if route.function else self._forward(scope, route, body))

    async def _call(self, scope: Scope, route: Route, body: bytes) -> tuple[int, Headers, bytes]:
        request = request_of(scope, body, _traced(scope["headers"]))
        answer = await self._functions.call(route, request) if self._functions is not None else None
        return answer if answer is not None else _refusal(503)

    async def _forward(self, scope: Scope, route: Route, body: bytes) -> tuple[int, Headers, bytes]:
        guard = route.guard
        if guard is not None and not _admits(guard, scope["headers"]):
            return guard.status, [(b"content-type", guard.content_type.encode())], guard.body.encode()
        path: bytes = scope["raw_path"]
        if scope["query_string"]:
            path += b"?" + scope["query_string"]
        try:
            response = await self._upstreams[route.service].send(
                scope["method"].encode(),
                path,
                [*_forwarded(scope), *_traced(scope["headers"])],
                body,
                timeout_seconds=route.timeout_seconds,
            )
        except (TimeoutError, UpstreamError):
            return _refusal(503)
        kept = [header for header in response.headers if header[0] not in HOP_BY_HOP and header[0] != b"content-length"]
        return response.status, kept, response.body

    def _cors_headers(self, origin: str, preflight: bool) -> Headers:
        cors = self._cors
        if cors is None or not ({origin, "*"} & set(cors.allow_origins)):
            return []
        sent = {
            "access-control-allow-origin": "*" if "*" in cors.allow_origins else origin,
            "access-control-allow-credentials": "true" if cors.allow_credentials else "",
            "access-control-expose-headers": "" if preflight else ",".join(cors.expose_headers),
            "access-control-allow-methods": ",".join(cors.allow_methods) if preflight else "",
            "access-control-allow-headers": ",".join(cors.allow_headers) if preflight else "",
            "access-control-max-age": str(cors.max_age_seconds) if preflight and cors.max_age_seconds else "",
        }
        return [(name.encode(), value.encode()) for name, value in sent.items() if value]


def _admits(guard: Guard, headers: Headers) -> bool:
    sent = header(headers, guard.header.encode())
    return sent is not None and sent.decode("latin-1") in guard.values


def _is_preflight(method: str, headers: Headers) -> bool:
    return method == "OPTIONS" and header(headers, b"access-control-request-method") is not None


def header(headers: Headers, name: bytes) -> bytes | None:
    """The first value of a header, whose name is in lower case."""
    return next((value for known, value in headers if known == name), None)


def _quotable(text: str) -> bytes:
    """The text as it may stand between the quotes of a header: a caller's token can end up in it."""
    return re.sub(r'[^ -~]|["\\]', " ", text).encode()


def _refusal(status: int, *headers: tuple[bytes, bytes]) -> tuple[int, Headers, bytes]:
    body = json.dumps({"message": MESSAGES[status]}, separators=(",", ":")).encode()
    return status, [(b"content-type", b"application/json"), *headers], body


async def _read(receive: Receive) -> bytes | None:
    """The whole body, `None` when it is larger than API Gateway takes."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MOST_BODY_BYTES:
            return None
        if not message.get("more_body"):
            return bytes(body)


def _forwarded(scope: Scope) -> Headers:
    kept = [header for header in scope["headers"] if header[0] not in NOT_FORWARDED]
    client = scope["client"][0].encode() if scope.get("client") else b"127.0.0.1"
    return [*kept, (b"x-forwarded-for", client), (b"x-forwarded-proto", scope["scheme"].encode())]


def _traced(headers: Headers) -> Headers:
    """The trace under both header names; a new trace where the caller sent none."""
    sent = header(headers, b"x-amzn-trace-id")
    known = TRACE_ROOT.search(sent) if sent is not None else None
    parent = header(headers, b"traceparent")
    if known is not None:
        trace = known.group(1) + known.group(2)
    elif parent is not None and len(parent.split(b"-")) == 4:
        trace = parent.split(b"-")[1]
    else:
        trace = b"%08x" % int(time.time()) + uuid.uuid4().hex[:24].encode()
    added: Headers = []
    if sent is None:
        added.append((b"x-amzn-trace-id", b"Root=1-%s-%s" % (trace[:8], trace[8:])))
    if parent is None:
        added.append((b"traceparent", b"00-%s-%s-00" % (trace, uuid.uuid4().hex[:16].encode())))
    return added
