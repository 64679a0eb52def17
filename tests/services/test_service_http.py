"""What every service has: problem details, identity, trace ids, logs, health."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
import structlog
from fastapi import APIRouter, FastAPI, Request

from commerce.adapters.telemetry import continue_trace, json_formatter, trace_id
from commerce.errors import MarketplaceError
from services.http.application import build_app
from services.http.health import Checks
from services.http.identity import SignedIn, SignedInSeller
from services.http.tokens import TokenRules, TokenVerifier
from tests.services.tokens import AUDIENCE, AUDIENCE_CLAIM, GROUPS_CLAIM, ISSUER, PROVIDER, signed_in

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


class OutOfCheese(MarketplaceError):
    status = 409
    code = "out-of-cheese"
    title = "Out of cheese"


pytestmark = pytest.mark.usefixtures("provider")


def an_application(checks: Checks | None = None) -> FastAPI:
    router = APIRouter()

    @router.get("/cheese/{weight}")
    async def cheese(weight: int) -> None:
        raise OutOfCheese(f"There are no {weight} grams left.", weight=weight)

    @router.get("/fault")
    async def fault() -> None:
        raise ZeroDivisionError

    @router.get("/me")
    async def me(caller: SignedIn) -> dict[str, object]:
        return {"user_id": caller.user_id}

    @router.get("/shop")
    async def shop(caller: SignedInSeller) -> dict[str, str]:
        return {"user_id": caller.user_id}

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield

    def named(_request: Request) -> Checks:
        return checks or {}

    rules = TokenRules(
        issuer=ISSUER,
        audience=AUDIENCE,
        audience_claim=AUDIENCE_CLAIM,
        keys_url=PROVIDER.keys_url,
        subject_claim="sub",
        groups_claim=GROUPS_CLAIM,
    )
    return build_app(
        title="Shop",
        description="",
        lifespan=lifespan,
        routers=(router,),
        checks=named,
        verifier=TokenVerifier(rules),
    )


async def get(path: str, app: FastAPI | None = None, **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(app or an_application(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
        return await client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})


async def test_a_business_error_is_a_problem_with_its_ids() -> None:
    response = await get("/cheese/250", traceparent=f"00-{TRACE}-00f067aa0ba902b7-01")
    assert response.status_code == 409
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json() == {
        "type": "/problems/out-of-cheese",
        "title": "Out of cheese",
        "status": 409,
        "detail": "There are no 250 grams left.",
        "instance": "/cheese/250",
        "trace_id": TRACE,
        "weight": 250,
    }


async def test_an_invalid_request_is_a_problem_that_points_at_the_mistake() -> None:
    response = await get("/cheese/much")
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["type"] == "/problems/invalid-request"
    assert response.json()["errors"][0]["pointer"] == "#/path/weight"


@pytest.mark.parametrize(("path", "status"), [("/nowhere", 404), ("/fault", 500)])
async def test_an_unknown_address_and_a_fault_of_ours_are_problems_without_internals(path: str, status: int) -> None:
    response = await get(path, traceparent=f"00-{TRACE}-00f067aa0ba902b7-01")
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert "ZeroDivisionError" not in response.text
    assert response.json()["trace_id"] == TRACE


async def test_a_caller_without_a_token_is_asked_to_sign_in() -> None:
    response = await get("/me")
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["type"] == "/problems/sign-in-required"


async def test_a_buyer_is_not_a_seller() -> None:
    assert (await get("/shop", **signed_in("u1", "buyer"))).status_code == 403
    assert (await get("/shop", **signed_in("u1", "buyer", "seller"))).json() == {"user_id": "u1"}


@pytest.mark.parametrize(
    "form",
    [
        "",
        "Bearer",
        "{own}",
        "Basic {own}",
        " Bearer {own}",
        "Bearer {own},Bearer {own}",
        "Bearer {own} {own}",
        "Bearer {own}.more",
        "Bearer a.b",
        "Bearer a.bm8.c",
    ],
)
async def test_an_authorization_that_is_not_one_token_is_refused(form: str) -> None:
    authorization = form.format(own=PROVIDER.token("ann", "seller"))
    response = await get("/shop", authorization=authorization)
    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith("Bearer")


async def test_no_header_but_the_token_says_who_is_calling() -> None:
    assert (await get("/me", x_user_id="bob")).status_code == 401
    assert (await get("/me", x_user_id="bob", **signed_in("ann"))).json() == {"user_id": "ann"}
    assert (await get("/shop", x_user_id="bob", **signed_in("ann", "buyer"))).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"},
        {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01", "x-amzn-trace-id": f"Root=1-{'a' * 8}-{'b' * 24}"},
        {"x-amzn-trace-id": f"Root=1-{TRACE[:8]}-{TRACE[8:]}"},
        {"x-amzn-trace-id": f"Self=1-a-b;Root=1-{TRACE[:8]}-{TRACE[8:]};Sampled=1"},
    ],
)
async def test_the_trace_of_the_caller_is_continued(headers: dict[str, str]) -> None:
    continue_trace(headers)
    assert trace_id() == TRACE


async def test_a_request_without_a_trace_starts_one() -> None:
    continue_trace({"traceparent": "nonsense", "x-amzn-trace-id": "Root=nonsense"})
    made = trace_id()
    assert made is not None
    assert len(made) == 32
    continue_trace({})
    assert trace_id() != made


async def test_a_log_line_is_one_json_object_with_the_trace_id() -> None:
    continue_trace({"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"})
    try:
        raise OutOfCheese("There is none left.")
    except OutOfCheese:
        problem = sys.exc_info()
    record = logging.getLogger("shop").makeRecord(
        "shop", logging.INFO, "shop.py", 1, "sold %s", ("brie",), problem, extra={"order_id": "o1"}
    )
    with structlog.contextvars.bound_contextvars(step="capture"):
        written = json_formatter("shop").format(record)
    assert "\n" not in written
    line = json.loads(written)
    assert line["exception"].endswith("OutOfCheese: There is none left.")
    assert {name: line[name] for name in ("level", "logger", "service", "message", "trace_id", "order_id", "step")} == {
        "level": "INFO",
        "logger": "shop",
        "service": "shop",
        "message": "sold brie",
        "trace_id": TRACE,
        "order_id": "o1",
        "step": "capture",
    }


async def test_readiness_names_the_dependency_that_does_not_answer() -> None:
    async def answers() -> None:
        return None

    async def refuses() -> None:
        raise ConnectionRefusedError

    app = an_application({"orders": refuses, "carts": answers})
    response = await get("/readyz", app)
    assert response.status_code == 503
    assert response.json()["checks"] == {"orders": "ConnectionRefusedError", "carts": "ok", "signing-keys": "ok"}
    assert (await get("/healthz", app)).json() == {"status": "ok"}
    assert (await get("/readyz", an_application({"carts": answers}))).status_code == 200


async def test_the_openapi_document_tells_that_errors_are_problems() -> None:
    document = (await get("/openapi.json")).json()
    responses = document["paths"]["/cheese/{weight}"]["get"]["responses"]
    assert "application/problem+json" in responses["default"]["content"]
    assert "422" not in responses
