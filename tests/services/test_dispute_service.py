"""The dispute service on real PostgreSQL: who may do what, and what a case, a review and a suspension look like."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from commerce.adapters.postgres import (
    PostgresAssessments,
    PostgresAuditLog,
    PostgresCases,
    PostgresOffers,
    PostgresOrders,
    PostgresReviews,
    PostgresStandings,
)
from commerce.catalog import Offer, Seller
from commerce.fraud import Assessment, Decider, Decision, Features
from commerce.money import Money
from commerce.orders import Checkout, WaitsFor
from services.dispute.app import create_app
from services.dispute.dependencies import Disputes
from services.dispute.settings import DisputeSettings
from stacks.workloads import DISPUTE
from tests.services.tokens import IdentityProvider, signed_in

BUYER, SELLER = signed_in("buyer", "buyer"), signed_in("ada", "seller")
SUPPORT, ADMIN = signed_in("sue", "support"), signed_in("ann", "admin")
STRANGER = signed_in("stranger", "buyer", "seller")
COMPLAINT = {"order_id": "o1", "seller_id": "ada", "reason": "damaged", "text": "Broken.\nSee the photographs."}


@pytest.fixture
async def app(pool: asyncpg.Pool, provider: IdentityProvider) -> AsyncIterator[FastAPI]:
    @asynccontextmanager
    async def opened(settings: DisputeSettings) -> AsyncIterator[Disputes]:
        yield Disputes(
            cases=PostgresCases(pool),
            orders=PostgresOrders(pool),
            reviews=PostgresReviews(pool),
            standings=PostgresStandings(pool),
            audit=PostgresAuditLog(pool),
            checks={"orders": lambda: pool.execute("SELECT 1")},
        )

    application = create_app(DisputeSettings(**provider.settings()), opened)
    async with application.router.lifespan_context(application):
        yield application


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop") as opened:
        yield opened


@pytest.fixture
async def paid(pool: asyncpg.Pool) -> str:
    """A paid order of a lamp."""
    orders = PostgresOrders(pool)
    await accepted(pool, "o1")
    await orders.record_authorization("o1", "pi_o1")
    await orders.confirm_stock("o1")
    await orders.record_capture("o1", "ch_o1")
    await orders.record_split("o1")
    return "o1"


async def accepted(pool: asyncpg.Pool, order_id: str) -> None:
    offers = PostgresOffers(pool)
    await offers.put_seller(Seller(seller_id="ada", display_name="Ada's House"))
    lamp = Offer(
        offer_id="lamp", seller_id="ada", product_id="lamp", title="Lamp", unit_price=Money(1999, "usd"), stock=9
    )
    await offers.put(lamp)
    await PostgresOrders(pool).accept(
        Checkout(
            order_id=order_id,
            buyer_id="buyer",
            lines={"lamp": 1},
            payment_method="pm_card_visa",
            currency="usd",
            commission_basis_points=1000,
        )
    )


async def opened_case(client: httpx.AsyncClient) -> str:
    answer = await client.post("/cases", json=COMPLAINT, headers=BUYER)
    assert answer.status_code == 201, answer.text
    case_id: str = answer.json()["case_id"]
    assert answer.headers["location"] == f"/cases/{case_id}"
    return case_id


async def test_the_routes_of_the_stack_are_those_of_the_service(app: FastAPI) -> None:
    documented = {
        f"{method.upper()} {path}"
        for path, operations in app.openapi()["paths"].items()
        for method in operations
        if path not in ("/healthz", "/readyz")
    }
    assert documented == {route.key for route in DISPUTE.routes}


@pytest.mark.parametrize("route", DISPUTE.routes, ids=lambda route: route.key)
async def test_nobody_does_anything_without_signing_in(client: httpx.AsyncClient, route: object) -> None:
    path = route.path.replace("{", "").replace("}", "")  # type: ignore[attr-defined]
    answer = await client.request(route.method, path, json={})  # type: ignore[attr-defined]
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "route", [route for route in DISPUTE.routes if route.path.startswith("/admin/")], ids=lambda route: route.key
)
async def test_only_staff_administers_and_only_administrators_decide(client: httpx.AsyncClient, route: object) -> None:
    path = route.path.replace("{", "").replace("}", "")  # type: ignore[attr-defined]
    body = {"outcome": "reject", "reason": "why", "approved": True, "text": "Hello"}
    for headers in (BUYER, SELLER):
        answer = await client.request(route.method, path, json=body, headers=headers)  # type: ignore[attr-defined]
        assert answer.status_code == 403
    answer = await client.request(route.method, path, json=body, headers=SUPPORT)  # type: ignore[attr-defined]
    decides = {"decision", "verdict", "suspensions", "end", "audit"} & set(path.split("/"))
    reads = route.method == "GET" and "audit" not in path  # type: ignore[attr-defined]
    assert (answer.status_code == 403) is bool(decides and not reads), answer.text
    if answer.status_code == 403:
        assert answer.json()["type"] == "/problems/administrators-only"


async def test_a_case_goes_back_and_forth_and_is_seen_by_its_parties_only(client: httpx.AsyncClient, paid: str) -> None:
    case_id = await opened_case(client)
    again = await client.post("/cases", json=COMPLAINT, headers=BUYER)
    assert (again.status_code, again.json()["case_id"]) == (200, case_id)
    answer = await client.post(f"/cases/{case_id}/messages", json={"text": "Sorry!"}, headers=SELLER)
    assert (answer.status_code, answer.json()["state"]) == (201, "waits_for_buyer")
    seen = (await client.get(f"/cases/{case_id}", headers=BUYER)).json()
    assert [one["author"] for one in seen["messages"]] == ["buyer", "seller"]
    assert seen["claimed"] == {"amount": 1999, "currency": "usd"}
    assert (await client.get("/cases", headers=SELLER)).json()["items"][0]["case_id"] == case_id
    assert (await client.get("/cases", headers=STRANGER)).json() == {"items": [], "next_cursor": None}
    for method, path, body in (
        ("GET", "", None),
        ("POST", "/messages", {"text": "x"}),
        ("POST", "/escalation", None),
        ("POST", "/withdrawal", None),
    ):
        answer = await client.request(method, f"/cases/{case_id}{path}", json=body, headers=STRANGER)
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/case-not-found")
    answer = await client.post(f"/cases/{case_id}/withdrawal", headers=BUYER)
    assert answer.json()["state"] == "withdrawn"
    answer = await client.post(f"/cases/{case_id}/messages", json={"text": "x"}, headers=SELLER)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/case-closed")


@pytest.mark.parametrize(
    "change",
    [
        {"text": ""},
        {"text": " \n "},
        {"text": "x" * 4001},
        {"reason": "boredom"},
        {"amount": 0},
        {"amount": 1.5},
        {"extra": 1},
        {"order_id": "o 1"},
    ],
)
async def test_a_complaint_that_is_none_is_refused(
    client: httpx.AsyncClient, paid: str, change: dict[str, object]
) -> None:
    answer = await client.post("/cases", json=COMPLAINT | change, headers=BUYER)
    assert answer.status_code == 422, answer.text


async def test_staff_reads_writes_and_proposes(client: httpx.AsyncClient, paid: str) -> None:
    case_id = await opened_case(client)
    assert (await client.get(f"/admin/cases/{case_id}", headers=SUPPORT)).status_code == 200
    answer = await client.post(f"/admin/cases/{case_id}/messages", json={"text": "We look at it."}, headers=SUPPORT)
    assert answer.json()["messages"][-1]["author"] == "support"
    proposal = {"outcome": "refund", "amount": 500, "reason": "half of it works"}
    answer = await client.put(f"/admin/cases/{case_id}/proposal", json=proposal, headers=SUPPORT)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/case-not-escalated")
    await client.post(f"/admin/cases/{case_id}/escalation", headers=SUPPORT)
    answer = await client.put(f"/admin/cases/{case_id}/proposal", json=proposal, headers=SUPPORT)
    assert answer.json()["proposal"]["amount"] == {"amount": 500, "currency": "usd"}
    queue = (await client.get("/admin/cases", params={"state": "escalated"}, headers=SUPPORT)).json()
    assert [case["case_id"] for case in queue["items"]] == [case_id]
    audit = (await client.get("/admin/audit", params={"subject_id": case_id}, headers=ADMIN)).json()
    assert [one["action"] for one in audit["items"]] == ["case_proposed", "case_escalated"]
    assert audit["items"][0]["actor_id"] == "sue"


async def test_an_order_under_review_is_approved_once(client: httpx.AsyncClient, pool: asyncpg.Pool) -> None:
    await accepted(pool, "o1")
    seen = Features(
        amount=1999,
        units=1,
        sellers=1,
        account_age_days=0,
        paid_orders=0,
        failed_orders=3,
        orders_last_hour=4,
        orders_before=0,
        cards_last_day=3,
    )
    suspicious = Assessment(
        decision=Decision.REVIEW,
        decided_by=Decider.MODEL,
        reasons=("cards_last_day",),
        features=seen,
        score=0.71,
        model="m1",
    )
    await PostgresAssessments(pool).record("o1", suspicious)
    await PostgresOrders(pool).wait("o1", WaitsFor.REVIEW, datetime.now(UTC) + timedelta(hours=1))
    [listed] = (await client.get("/admin/reviews", headers=SUPPORT)).json()["items"]
    assert (listed["order_id"], listed["score"], listed["reasons"]) == ("o1", 0.71, ["cards_last_day"])
    assert listed["features"]["cards_last_day"] == 3
    verdict = {"approved": True, "reason": "called her"}
    answer = await client.put("/admin/reviews/o1/verdict", json=verdict, headers=ADMIN)
    assert (answer.status_code, answer.json()["approved"], answer.json()["verdict_by"]) == (200, True, "ann")
    other = await client.put("/admin/reviews/o1/verdict", json=verdict | {"approved": False}, headers=ADMIN)
    assert (other.status_code, other.json()["type"]) == (409, "/problems/not-under-review")
    assert (await PostgresOrders(pool).get("o1")).waits_for is None
    missing = await client.put("/admin/reviews/nothing/verdict", json=verdict, headers=ADMIN)
    assert missing.status_code == 404


async def test_a_seller_is_suspended_and_reinstated(client: httpx.AsyncClient, paid: str) -> None:
    answer = await client.put("/admin/suspensions/ada", json={"reason": "counterfeits"}, headers=ADMIN)
    assert (answer.status_code, answer.json()["suspended"], answer.json()["reason"]) == (200, True, "counterfeits")
    assert [one["seller_id"] for one in (await client.get("/admin/suspensions", headers=SUPPORT)).json()["items"]] == [
        "ada"
    ]
    answer = await client.post("/admin/suspensions/ada/end", json={"reason": "explained"}, headers=ADMIN)
    assert answer.json()["suspended"] is False
    assert (await client.put("/admin/suspensions/nobody", json={"reason": "x"}, headers=ADMIN)).status_code == 404
    assert (await client.put("/admin/suspensions/ada", json={"reason": " "}, headers=ADMIN)).status_code == 422
    page = (await client.get("/admin/audit", params={"limit": 1}, headers=ADMIN)).json()
    assert page["items"][0]["action"] == "seller_reinstated"
    rest = (await client.get("/admin/audit", params={"cursor": page["next_cursor"]}, headers=ADMIN)).json()
    assert [one["action"] for one in rest["items"]] == ["seller_suspended"]


async def test_the_staff_sees_every_order_page_by_page_and_a_buyer_none(
    client: httpx.AsyncClient, pool: asyncpg.Pool, paid: str
) -> None:
    await accepted(pool, "o2")
    page = (await client.get("/admin/orders", params={"limit": 1}, headers=SUPPORT)).json()
    rest = (await client.get("/admin/orders", params={"cursor": page["next_cursor"]}, headers=SUPPORT)).json()
    assert [one["order_id"] for one in (*page["items"], *rest["items"])] == ["o2", "o1"]
    assert rest["next_cursor"] is None
    of_one = (await client.get("/admin/orders", params={"buyer_id": "another"}, headers=ADMIN)).json()
    assert of_one == {"items": [], "next_cursor": None}
    read = (await client.get("/admin/orders/o1", headers=SUPPORT)).json()
    assert (read["status"], [share["seller_id"] for share in read["sellers"]]) == ("captured", ["ada"])
    assert (await client.get("/admin/orders", params={"cursor": "x"}, headers=SUPPORT)).status_code == 422
    assert (await client.get("/admin/orders/none", headers=SUPPORT)).status_code == 404
    assert (await client.get("/admin/orders/o1", headers=BUYER)).status_code == 403


@pytest.mark.parametrize(
    "params", [{"cursor": "x"}, {"limit": "0"}, {"since": "yesterday"}, {"since": "2026-01-01T00:00:00"}]
)
async def test_a_search_that_is_none_is_refused(client: httpx.AsyncClient, params: dict[str, str]) -> None:
    assert (await client.get("/admin/audit", params=params, headers=ADMIN)).status_code == 422
