"""Lambda integrations: a request as the event of payload format 2.0, and the function's answer as a response.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import re
import time
import uuid
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from toolkit.local.gateway.api import Route
from toolkit.local.gateway.upstream import Headers
from toolkit.local.lambda_functions.workers import NoWorker, Workers

TEXT = re.compile(r"text/.*|application/(json|javascript|xml|.*\+json|.*\+xml)", re.IGNORECASE)
"""Content types whose body travels as text; every other is in base64."""
FAULT = (500, [(b"content-type", b"application/json")], b'{"message":"Internal Server Error"}')


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request as the API received it, header names in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    client: str
    protocol: str


def request_of(scope: MutableMapping[str, Any], body: bytes, added: Headers) -> Request:
    """The request of an ASGI scope; several headers of one name are joined by commas."""
    headers: dict[str, str] = {}
    for name, value in (*scope["headers"], *added):
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        headers[key] = f"{headers[key]},{text}" if key in headers else text
    return Request(
        method=scope["method"],
        path=scope["path"],
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
        body=body,
        client=scope["client"][0] if scope.get("client") else "127.0.0.1",
        protocol=f"HTTP/{scope.get('http_version', '1.1')}",
    )


class FunctionCaller:
    """Calls the worker of a route's function and waits for its answer."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers

    async def call(self, route: Route, request: Request) -> tuple[int, Headers, bytes] | None:
        """Status, headers and body; None when the function was not done in time. An error of the function, or an
        answer that is none, is a 500 as from API Gateway."""
        payload = json.dumps(event(route, request)).encode()
        trace = request.headers.get("x-amzn-trace-id")
        try:
            async with asyncio.timeout(route.timeout_seconds):
                done = await asyncio.to_thread(self._workers.invoke, route.function, payload, trace=trace)
        except TimeoutError:
            return None
        except NoWorker:
            return FAULT
        return FAULT if done.function_error is not None else response(done.payload)


def event(route: Route, request: Request) -> dict[str, Any]:
    """The event of payload format 2.0."""
    key = "$default" if route.path == "$default" else f"{route.method} {route.path}"
    now = time.time()
    made: dict[str, Any] = {
        "version": "2.0",
        "routeKey": key,
        "rawPath": request.path,
        "rawQueryString": request.query,
        "headers": {name: value for name, value in request.headers.items() if name != "cookie"},
        "requestContext": {
            "accountId": "anonymous",
            "domainName": request.headers.get("host", ""),
            "http": {
                "method": request.method,
                "path": request.path,
                "protocol": request.protocol,
                "sourceIp": request.client,
                "userAgent": request.headers.get("user-agent", ""),
            },
            "requestId": uuid.uuid4().hex[:16],
            "routeKey": key,
            "stage": "$default",
            "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
            "timeEpoch": int(now * 1000),
        },
        "isBase64Encoded": False,
    }
    if "cookie" in request.headers:
        made["cookies"] = [one.strip() for one in request.headers["cookie"].split(";")]
    query: dict[str, str] = {}
    for name, value in parse_qsl(request.query, keep_blank_values=True):
        query[name] = f"{query[name]},{value}" if name in query else value
    if query:
        made["queryStringParameters"] = query
    if parameters := _parameters(route.path, request.path):
        made["pathParameters"] = parameters
    if request.body:
        made["body"], made["isBase64Encoded"] = _body(request)
    return made


def response(payload: bytes) -> tuple[int, Headers, bytes]:
    """What the API answers: the response that the function describes, or its value as JSON with status 200."""
    try:
        answer = json.loads(payload)
    except ValueError:
        return FAULT
    if not isinstance(answer, dict) or "statusCode" not in answer:
        return 200, [(b"content-type", b"application/json")], payload
    body = answer.get("body") or ""
    try:
        content = base64.b64decode(body, validate=True) if answer.get("isBase64Encoded") else body.encode()
        headers = {str(name).lower(): str(value) for name, value in (answer.get("headers") or {}).items()}
        headers.setdefault("content-type", "text/plain;charset=UTF-8")
        sent = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        sent += [(b"set-cookie", str(one).encode("latin-1")) for one in answer.get("cookies") or ()]
        return int(answer["statusCode"]), sent, content
    except (AttributeError, TypeError, ValueError, binascii.Error):
        return FAULT


def _body(request: Request) -> tuple[str, bool]:
    content_type = request.headers.get("content-type", "").partition(";")[0].strip()
    if TEXT.fullmatch(content_type):
        try:
            return request.body.decode(), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(request.body).decode(), True


def _parameters(pattern: str, path: str) -> dict[str, str]:
    found, segments = {}, path.strip("/").split("/")
    for number, part in enumerate(pattern.strip("/").split("/")):
        if part.startswith("{"):
            rest = part.endswith("+}")
            found[part.strip("{+}")] = "/".join(segments[number:]) if rest else segments[number]
    return found
