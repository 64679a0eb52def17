"""The double as an ASGI application: authenticate, parse, replay or run, answer."""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from toolkit.local.stripe import control, form, idempotency, parameters
from toolkit.local.stripe.call import API_VERSION, PLATFORM, Call, Settings
from toolkit.local.stripe.delivery import Deliveries
from toolkit.local.stripe.endpoint import Endpoint
from toolkit.local.stripe.endpoints import ENDPOINTS
from toolkit.local.stripe.events import public
from toolkit.local.stripe.expansion import expand
from toolkit.local.stripe.idempotency import Answer, Keys
from toolkit.local.stripe.identifiers import random_text
from toolkit.local.stripe.refusal import Refusal
from toolkit.local.stripe.resources.accounts import invalid
from toolkit.local.stripe.storage import Json, Store


def create_app(store: Store, *, api_key: str, settings: Settings) -> Starlette:
    """The application. It closes `store` when it shuts down."""
    deliveries = Deliveries(store=store, settings=settings)
    service = _Service(store=store, api_key=api_key, settings=settings, deliveries=deliveries)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        service.keys.forget_old(int(time.time()))
        async with deliveries.running():
            yield
        store.close()

    routes = [Route(one.path, service.endpoint(one), methods=[one.method]) for one in ENDPOINTS]
    routes += control.routes(service.call, deliveries)
    not_found = {404: service.unknown_url, 405: service.unknown_url}
    return Starlette(routes=routes, lifespan=lifespan, exception_handlers=not_found)


class _Service:
    def __init__(self, *, store: Store, api_key: str, settings: Settings, deliveries: Deliveries) -> None:
        self.store = store
        self.api_key = api_key
        self.settings = settings
        self.deliveries = deliveries
        self.keys = Keys(store=store)

    def endpoint(self, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            request_id = f"req_{random_text(14)}"
            try:
                self._authenticate(request)
                account = self._account(request)
                raw = await _raw_parameters(request)
                call = self.call(request, account=account, request_id=request_id)
                answer = await self._answer(endpoint, call, raw, request.url.path)
            except Refusal as refusal:
                answer = Answer(status=refusal.status, body=json.dumps(refusal.body()), request_id=request_id)
            self.deliveries.wake()
            return _response(answer, request, request_id)

        return handle

    def call(self, request: Request, *, account: str = PLATFORM, request_id: str = "") -> Call:
        """The request as endpoints see it."""
        return Call(
            store=self.store,
            settings=self.settings,
            account=account,
            path=request.path_params,
            base_url=str(request.base_url).rstrip("/"),
            request_id=request_id,
            idempotency_key=request.headers.get("idempotency-key") if request.method == "POST" else None,
        )

    async def unknown_url(self, request: Request, error: Exception) -> Response:
        refusal = Refusal(f"Unrecognized request URL ({request.method}: {request.url.path}).", status=404)
        answer = Answer(status=404, body=json.dumps(refusal.body()), request_id="")
        return _response(answer, request, f"req_{random_text(14)}")

    async def _answer(self, endpoint: Endpoint, call: Call, raw: dict[str, Any], path: str) -> Answer:
        key = call.idempotency_key
        if key is None:
            await self._simulate_latency(call)
            return self._run(endpoint, call, raw, None)
        fingerprint = idempotency.fingerprint(endpoint.method, path, raw)
        stored = self.keys.replay(call.account, key, fingerprint, call.now())
        if stored is not None:
            return stored
        self.keys.in_use.add((call.account, key))
        try:
            await self._simulate_latency(call)
            return self._run(endpoint, call, raw, fingerprint)
        finally:
            self.keys.in_use.discard((call.account, key))

    async def _simulate_latency(self, call: Call) -> None:
        if self.settings.latency_seconds:
            await asyncio.sleep(self.settings.latency_seconds)

    def _run(self, endpoint: Endpoint, call: Call, raw: dict[str, Any], fingerprint: str | None) -> Answer:
        """Run the endpoint and remember its answer, in one transaction. Never yields to another request."""
        given = parameters.read(endpoint.parameters, raw)
        if endpoint.method == "GET":
            return Answer(status=200, body=self._body(endpoint, call, given), request_id=call.request_id)
        with self.store.transaction():
            self.store.connection.execute("SAVEPOINT before")
            try:
                answer = Answer(status=200, body=self._body(endpoint, call, given), request_id=call.request_id)
            except Refusal as refusal:
                if not refusal.keeps_changes:
                    self.store.connection.execute("ROLLBACK TO before")
                if not refusal.executed:
                    raise
                answer = Answer(status=refusal.status, body=json.dumps(refusal.body()), request_id=call.request_id)
            if fingerprint is not None and call.idempotency_key is not None:
                self.keys.remember(call.account, call.idempotency_key, fingerprint, answer, call.now())
        return answer

    def _body(self, endpoint: Endpoint, call: Call, given: parameters.Parameters) -> str:
        answer: Json = endpoint.handle(call, given)
        if given.expand:
            answer = expand(call, answer, given.expand)
        return json.dumps(public(answer), separators=(",", ":"))

    def _authenticate(self, request: Request) -> None:
        given = _api_key(request.headers.get("authorization", ""))
        if not given:
            raise Refusal(
                "You did not provide an API key. You need to provide your API key in the Authorization header, using "
                "Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
                status=401,
            )
        if given != self.api_key:
            shown = f"{given[:8]}{'*' * max(0, len(given) - 12)}{given[-4:]}" if len(given) > 12 else "*" * len(given)
            raise Refusal(f"Invalid API Key provided: {shown}", status=401)

    def _account(self, request: Request) -> str:
        account = request.headers.get("stripe-account")
        if account is None or account == PLATFORM:
            return PLATFORM
        if self.store.find(account, account=PLATFORM, kind="account") is None:
            raise invalid(account)
        return account


def _api_key(authorization: str) -> str:
    scheme, _, credentials = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip()
    if scheme.lower() == "basic":
        with contextlib.suppress(binascii.Error, UnicodeDecodeError):
            return base64.b64decode(credentials).decode().partition(":")[0]
    return ""


async def _raw_parameters(request: Request) -> dict[str, Any]:
    if request.method in ("GET", "DELETE"):
        return form.parse(request.url.query)
    body = await request.body()
    content = request.headers.get("content-type", "application/x-www-form-urlencoded")
    if body and not content.startswith("application/x-www-form-urlencoded"):
        raise Refusal(
            "Invalid request (check that your POST content type is application/x-www-form-urlencoded).", executed=False
        )
    try:
        return form.parse(body.decode())
    except UnicodeDecodeError as error:
        raise Refusal("Invalid request (the body is not UTF-8).", executed=False) from error


def _response(answer: Answer, request: Request, request_id: str) -> Response:
    headers = {
        "request-id": request_id,
        "stripe-version": request.headers.get("stripe-version", API_VERSION),
        # Trying again would meet the same answer; only a key in use frees itself.
        "stripe-should-retry": "true" if answer.status == 409 else "false",
    }
    key = request.headers.get("idempotency-key")
    if key is not None and request.method == "POST":
        headers["idempotency-key"] = key
        if answer.request_id and answer.request_id != request_id:
            headers["idempotent-replayed"] = "true"
            headers["original-request"] = answer.request_id
    return Response(answer.body, status_code=answer.status, headers=headers, media_type="application/json")
