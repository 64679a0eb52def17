from __future__ import annotations

import asyncio
import http.server
import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from types import SimpleNamespace
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from toolkit.local.gateway import throttle
from toolkit.local.gateway.api import Api, Authorizer, Cors, GatewaySettings, Route, Throttle
from toolkit.local.gateway.application import Gateway
from toolkit.local.gateway.router import Router
from toolkit.local.gateway.upstream import Upstream, UpstreamError
from toolkit.local.processes.ports import free_port

ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_pool"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Service:
    """A server that echoes what reached it, and does what the path asks for."""

    def __init__(self) -> None:
        self.connections = 0

    async def serve(self) -> asyncio.Server:
        return await asyncio.start_server(self._connected, "127.0.0.1", 0)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                request, *lines = head.decode().split("\r\n")[:-2]
                headers = [line.split(": ", 1) for line in lines]
                length = next((int(value) for name, value in headers if name == "content-length"), 0)
                body = await reader.readexactly(length)
                method, path, _ = request.split(" ")
                if path == "/slow":
                    await asyncio.sleep(5)
                if path == "/close":
                    break
                said = json.dumps({"method": method, "path": path, "headers": headers, "body": body.decode()}).encode()
                if path == "/chunked":
                    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % len(said))
                    writer.write(said + b"\r\n0\r\n\r\n")
                else:
                    sent = b"" if method == "HEAD" else said
                    writer.write(b"HTTP/1.1 200 OK\r\nX-Service: yes\r\nContent-Length: %d\r\n\r\n" % len(said) + sent)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def service() -> AsyncIterator[tuple[str, Service]]:
    echo = Service()
    server = await echo.serve()
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", echo
    server.close()


class Issuer:
    """An address that serves token keys, counts how often they are read, and can have new ones."""

    def __init__(self) -> None:
        self.keys = {"k1": KEY}
        self.reads = 0
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.reads += 1
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps({"keys": [issuer.key(key_id) for key_id in issuer.keys]}).encode())

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/jwks.json"

    def key(self, key_id: str) -> dict[str, Any]:
        public = json.loads(RSAAlgorithm.to_jwk(self.keys[key_id].public_key()))
        return {**public, "kid": key_id, "alg": "RS256", "use": "sig"}


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    running = Issuer()
    yield running
    running.server.shutdown()
    running.server.server_close()


@pytest.fixture
def keys(issuer: Issuer) -> str:
    return issuer.url


def token(key: rsa.RSAPrivateKey = KEY, kid: str = "k1", algorithm: str = "RS256", **claims: Any) -> dict[str, str]:
    said = {"iss": ISSUER, "aud": "web", "sub": "buyer-1", "exp": time.time() + 60, **claims}
    kept = {name: value for name, value in said.items() if value is not None}
    return {"authorization": f"Bearer {jwt.encode(kept, key, algorithm=algorithm, headers={'kid': kid})}"}


USERS = Authorizer(issuer=ISSUER, audiences=("web",))


def settings(target: str, keys: str = "http://127.0.0.1:1/", **of_the_api: Any) -> GatewaySettings:
    api = Api(
        routes=(
            Route(method="GET", path="/catalog/{proxy+}", service="catalog"),
            Route(method="ANY", path="/cart", service="catalog", authorizer=USERS),
            Route(method="GET", path="/slow", service="catalog", timeout_seconds=0.2),
            Route(method="ANY", path="/close", service="catalog"),
            Route(method="ANY", path="/open", service="catalog"),
            Route(method="GET", path="/chunked", service="catalog"),
            Route(method="GET", path="/scoped", service="catalog", authorizer=USERS, scopes=("orders/read",)),
        ),
        **of_the_api,
    )
    return GatewaySettings(api=api, services={"catalog": target}, keys_urls={ISSUER: keys})


def client(settings: GatewaySettings) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(Gateway(settings)), base_url="http://gateway")


def received(answer: httpx.Response) -> dict[str, str]:
    return dict(answer.json()["headers"])


async def test_a_request_reaches_its_service_unchanged(service: tuple[str, Service]) -> None:
    async with client(settings(service[0])) as gateway:
        answer = await gateway.get("/catalog/products?limit=2&q=a%20b", headers={"accept-language": "de"})
    assert answer.json()["path"] == "/catalog/products?limit=2&q=a%20b"
    assert received(answer)["accept-language"] == "de"
    assert answer.headers["x-service"] == "yes"
    assert answer.headers["apigw-requestid"]


async def test_the_token_and_the_body_reach_the_service_that_verifies_the_caller(
    service: tuple[str, Service], keys: str
) -> None:
    bearer = token(**{"cognito:groups": ["seller"]})
    async with client(settings(service[0], keys)) as gateway:
        answer = await gateway.put("/cart", headers=bearer, content=b"{}")
    assert received(answer)["authorization"] == bearer["authorization"]
    assert answer.json()["body"] == "{}"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer nonsense"},
        {"authorization": "Basic dXNlcjpwYXNz"},
        token(iss="https://elsewhere"),
        token(aud="another-app"),
        token(aud=None),
        token(exp=time.time() - 1),
        token(exp=None),
        token(key=STRANGER),
        token(kid="unknown"),
        {"authorization": f"Bearer {jwt.encode({'iss': ISSUER, 'aud': 'web'}, 'x' * 32, algorithm='HS256')}"},
    ],
    ids=[
        "none",
        "no token",
        "another scheme",
        "another issuer",
        "another audience",
        "no audience",
        "expired",
        "no expiry",
        "forged",
        "unknown key",
        "another algorithm",
    ],
)
async def test_without_a_valid_token_there_is_no_way_in(
    service: tuple[str, Service], keys: str, headers: dict[str, str]
) -> None:
    async with client(settings(service[0], keys)) as gateway:
        answer = await gateway.get("/cart", headers=headers)
    assert answer.status_code == 401
    assert answer.json() == {"message": "Unauthorized"}
    assert service[1].connections == 0


async def test_a_key_that_the_issuer_rotated_in_is_read(service: tuple[str, Service], issuer: Issuer) -> None:
    async with client(settings(service[0], issuer.url)) as gateway:
        assert (await gateway.get("/cart", headers=token())).status_code == 200
        issuer.keys["k2"] = STRANGER
        await asyncio.sleep(1.1)
        assert (await gateway.get("/cart", headers=token(key=STRANGER, kid="k2"))).status_code == 200
    assert issuer.reads == 2


async def test_unknown_keys_make_the_gateway_read_the_keys_once_a_second(
    service: tuple[str, Service], issuer: Issuer
) -> None:
    async with client(settings(service[0], issuer.url)) as gateway:
        answers = await asyncio.gather(
            *(gateway.get("/cart", headers=token(kid=f"made-up-{number}")) for number in range(20))
        )
    assert {answer.status_code for answer in answers} == {401}
    assert issuer.reads == 1


async def test_what_a_token_says_cannot_leave_its_header(service: tuple[str, Service], keys: str) -> None:
    async with client(settings(service[0], keys)) as gateway:
        answer = await gateway.get("/cart", headers=token(kid='"\r\nset-cookie: a=b'))
    assert answer.headers["www-authenticate"] == 'Bearer error_description="the token is signed with an unknown key"'


async def test_keys_that_cannot_be_read_let_nobody_in(service: tuple[str, Service]) -> None:
    async with client(settings(service[0], f"http://127.0.0.1:{free_port()}/")) as gateway:
        answer = await gateway.get("/cart", headers=token())
    assert answer.status_code == 401
    assert "keys cannot be read" in answer.headers["www-authenticate"]


async def test_a_known_token_is_refused_once_it_expired(service: tuple[str, Service], keys: str) -> None:
    short = token(exp=time.time() + 1)
    async with client(settings(service[0], keys)) as gateway:
        assert (await gateway.get("/cart", headers=short)).status_code == 200
        await asyncio.sleep(1.1)
        assert (await gateway.get("/cart", headers=short)).status_code == 401


async def test_an_access_token_is_recognized_by_its_client(service: tuple[str, Service], keys: str) -> None:
    async with client(settings(service[0], keys)) as gateway:
        assert (await gateway.get("/cart", headers=token(aud=None, client_id="web"))).status_code == 200


async def test_a_missing_scope_is_forbidden(service: tuple[str, Service], keys: str) -> None:
    async with client(settings(service[0], keys)) as gateway:
        assert (await gateway.get("/scoped", headers=token())).status_code == 403
        allowed = await gateway.get("/scoped", headers=token(scope="openid orders/read"))
    assert allowed.status_code == 200


@pytest.mark.parametrize(("method", "path"), [("GET", "/catalog"), ("POST", "/catalog/products"), ("GET", "/carts")])
async def test_what_is_no_route_is_not_found(service: tuple[str, Service], method: str, path: str) -> None:
    async with client(settings(service[0])) as gateway:
        answer = await gateway.request(method, path)
    assert (answer.status_code, answer.json()) == (404, {"message": "Not Found"})


async def test_a_route_gives_out_its_burst_and_then_refuses(
    service: tuple[str, Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = 100.0
    monkeypatch.setattr(throttle, "time", SimpleNamespace(monotonic=lambda: seconds))
    async with client(settings(service[0], throttle=Throttle(rate=10, burst=3))) as gateway:
        first = [(await gateway.get("/catalog/products")).status_code for _ in range(4)]
        seconds += 0.15
        later = await gateway.get("/catalog/products")
    assert first == [200, 200, 200, 429]
    assert later.status_code == 200


async def test_a_service_that_is_down_is_unavailable() -> None:
    async with client(settings(f"http://127.0.0.1:{free_port()}")) as gateway:
        answer = await gateway.get("/catalog/products")
    assert (answer.status_code, answer.json()) == (503, {"message": "Service Unavailable"})


async def test_a_service_that_is_too_slow_is_unavailable(service: tuple[str, Service]) -> None:
    async with client(settings(service[0])) as gateway:
        started = time.monotonic()
        assert (await gateway.get("/slow")).status_code == 503
    assert time.monotonic() - started < 1


async def test_a_chunked_answer_arrives_whole(service: tuple[str, Service]) -> None:
    async with client(settings(service[0])) as gateway:
        assert (await gateway.get("/chunked")).json()["path"] == "/chunked"


async def test_both_names_of_the_trace_agree(service: tuple[str, Service]) -> None:
    async with client(settings(service[0])) as gateway:
        made = received(await gateway.get("/catalog/a"))
        root = "1-5759e988-bd862e3fe1be46a994272793"
        given = received(await gateway.get("/catalog/a", headers={"x-amzn-trace-id": f"Root={root};Sampled=1"}))
    _, time_part, random_part = made["x-amzn-trace-id"].removeprefix("Root=").split("-")
    assert made["traceparent"].split("-")[1] == time_part + random_part
    assert given["x-amzn-trace-id"] == f"Root={root};Sampled=1"
    assert given["traceparent"].startswith("00-5759e988bd862e3fe1be46a994272793-")


async def test_a_body_beyond_api_gateways_limit_is_refused(service: tuple[str, Service], keys: str) -> None:
    async with client(settings(service[0], keys)) as gateway:
        answer = await gateway.post("/cart", headers=token(), content=b"x" * (10 * 1024 * 1024 + 1))
    assert answer.status_code == 413


SHOP = Cors(allow_origins=("https://shop.example",), allow_methods=("GET",), allow_headers=("authorization",))
PREFLIGHT = {"origin": "https://shop.example", "access-control-request-method": "GET"}


async def test_cors_is_answered_by_the_gateway_when_configured(service: tuple[str, Service]) -> None:
    async with client(settings(service[0], cors=SHOP)) as gateway:
        preflight = await gateway.options("/catalog/a", headers=PREFLIGHT)
        answer = await gateway.get("/catalog/a", headers={"origin": "https://shop.example"})
        stranger = await gateway.get("/catalog/a", headers={"origin": "https://evil.example"})
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-methods"] == "GET"
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    assert "access-control-allow-origin" not in stranger.headers


async def test_a_route_that_takes_any_method_takes_the_preflight_too(service: tuple[str, Service], keys: str) -> None:
    async with client(settings(service[0], keys, cors=SHOP)) as gateway:
        refused = await gateway.options("/cart", headers=PREFLIGHT)
        forwarded = await gateway.options("/open", headers=PREFLIGHT)
    assert refused.status_code == 401
    assert forwarded.json()["method"] == "OPTIONS"


async def test_connections_to_a_service_are_kept(service: tuple[str, Service]) -> None:
    async with client(settings(service[0])) as gateway:
        for _ in range(20):
            await gateway.get("/catalog/a")
    assert service[1].connections == 1


async def test_an_answer_to_head_has_no_body_and_does_not_stall(service: tuple[str, Service]) -> None:
    upstream = Upstream(service[0])
    answer = await upstream.send(b"HEAD", b"/a", [], b"", timeout_seconds=1)
    assert (answer.status, answer.body) == (200, b"")
    assert (await upstream.send(b"GET", b"/a", [], b"", timeout_seconds=1)).status == 200


async def test_a_post_that_may_have_been_handled_is_never_sent_twice(service: tuple[str, Service]) -> None:
    upstream = Upstream(service[0])
    await upstream.send(b"GET", b"/a", [], b"", timeout_seconds=1)
    with pytest.raises(UpstreamError):
        await upstream.send(b"POST", b"/close", [], b"{}", timeout_seconds=1)
    assert service[1].connections == 1


@pytest.fixture
def router() -> Iterator[Router]:
    paths = ["GET /orders/{id}", "ANY /orders/{proxy+}", "GET /orders/mine", "ANY /orders/mine", "$default"]
    keys = [path.split(" ") if " " in path else ["ANY", path] for path in paths]
    yield Router(Route(method=method, path=path, service="orders") for method, path in keys)


@pytest.mark.parametrize(
    ("method", "path", "chosen"),
    [
        ("GET", "/orders/mine", "GET /orders/mine"),
        ("POST", "/orders/mine", "ANY /orders/mine"),
        ("GET", "/orders/o-1", "GET /orders/{id}"),
        ("POST", "/orders/o-1", "ANY /orders/{proxy+}"),
        ("GET", "/orders/o-1/lines", "ANY /orders/{proxy+}"),
        ("GET", "/orders", "ANY $default"),
    ],
)
def test_the_most_specific_route_wins(router: Router, method: str, path: str, chosen: str) -> None:
    route = router.find(method, path)
    assert route is not None
    assert f"{route.method} {route.path}" == chosen
