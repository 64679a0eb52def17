"""What every service has: problem details, identity, trace ids, logs, health."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request

from commerce.errors import MarketplaceError
from services.http.application import build_app
from services.http.health import Checks
from services.http.identity import SignedIn, SignedInSeller
from services.http.logs import JsonFormatter
from services.http.trace import trace_id, trace_id_of
from tests.services.tokens import bearer, signed_in

OWN = bearer(sub="ann", **{"cognito:groups": ["seller"]})
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


class OutOfCheese(MarketplaceError):
    status = 409
    code = "out-of-cheese"
    title = "Out of cheese"


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
        return {"user_id": caller.user_id, "trace_id": trace_id.get()}

    @router.get("/shop")
    async def shop(caller: SignedInSeller) -> dict[str, str]:
        return {"user_id": caller.user_id}

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield

    def named(_request: Request) -> Checks:
        return checks or {}

    return build_app(title="Shop", description="", lifespan=lifespan, routers=(router,), checks=named)


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


async def test_a_caller_without_identity_is_asked_to_sign_in() -> None:
    response = await get("/me")
    assert response.status_code == 401
    assert response.json()["type"] == "/problems/sign-in-required"


async def test_a_buyer_is_not_a_seller() -> None:
    assert (await get("/shop", **signed_in("u1", "buyer"))).status_code == 403
    assert (await get("/shop", **signed_in("u1", "buyer", "seller"))).json() == {"user_id": "u1"}


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer a.b",
        OWN.removeprefix("Bearer "),
        OWN.removesuffix(".signature"),
        f"{OWN}.more",
        f"{OWN},{OWN}",
        f"Bearer another.verified.token {OWN.removeprefix('Bearer ')}",
        f"Basic {OWN.removeprefix('Bearer ')}",
        f" {OWN}",
        "Bearer a.bm8.c",
        bearer(sub="u1"),
        bearer(sub="u2", **{"cognito:groups": ["seller"]}),
    ],
)
async def test_groups_come_only_from_the_callers_own_token(authorization: str) -> None:
    assert (await get("/shop", x_user_id="u1", authorization=authorization)).status_code == 403


def test_the_trace_id_is_taken_from_the_caller_or_made() -> None:
    assert trace_id_of({"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}) == TRACE
    assert trace_id_of({"x-amzn-trace-id": f"Self=1-a-b;Root=1-{TRACE[:8]}-{TRACE[8:]};Sampled=1"}) == TRACE
    made = trace_id_of({"traceparent": "nonsense"})
    assert len(made) == 32
    assert made != trace_id_of({})


async def test_a_log_line_is_one_json_object_with_the_trace_id() -> None:
    trace_id.set(TRACE)
    record = logging.getLogger("shop").makeRecord(
        "shop", logging.INFO, "shop.py", 1, "sold %s", ("brie",), None, extra={"order_id": "o1"}
    )
    line = json.loads(JsonFormatter("shop").format(record))
    assert line["message"] == "sold brie"
    assert line["service"] == "shop"
    assert line["order_id"] == "o1"
    assert line["trace_id"] == TRACE


async def test_readiness_names_the_dependency_that_does_not_answer() -> None:
    async def answers() -> None:
        return None

    async def refuses() -> None:
        raise ConnectionRefusedError

    app = an_application({"orders": refuses, "carts": answers})
    response = await get("/readyz", app)
    assert response.status_code == 503
    assert response.json()["checks"] == {"orders": "ConnectionRefusedError", "carts": "ok"}
    assert (await get("/healthz", app)).json() == {"status": "ok"}
    assert (await get("/readyz", an_application({"carts": answers}))).status_code == 200


async def test_the_openapi_document_tells_that_errors_are_problems() -> None:
    document = (await get("/openapi.json")).json()
    responses = document["paths"]["/cheese/{weight}"]["get"]["responses"]
    assert "application/problem+json" in responses["default"]["content"]
    assert "422" not in responses
