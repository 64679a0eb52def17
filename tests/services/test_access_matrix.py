"""Who may call what: every operation of every service's OpenAPI document, by every role, on one's own and on others'.

The table says it for each path, or for everything below one; an operation that it does not know fails.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest
from starlette.testclient import TestClient

from commerce.adapters.postgres import migrate
from components.workload import Service
from stacks.workloads import SERVICES
from tests.services.tokens import IdentityProvider, signed_in
from tests.services.wiring import application, operations, services

SELLER, BACK_OFFICE = frozenset({"seller"}), frozenset({"support", "admin"})
ADMINS = frozenset({"admin"})
EVERYBODY_SIGNED_IN = frozenset({"buyer", "seller", "support", "admin"})
ROLES = ("buyer", "seller", "support", "admin")
ALLOWED = {
    ("GET", "/catalog/recommendations"): EVERYBODY_SIGNED_IN,
    ("GET", "/cart"): EVERYBODY_SIGNED_IN,
    ("DELETE", "/cart"): EVERYBODY_SIGNED_IN,
    ("PUT", "/cart/items/{offer_id}"): EVERYBODY_SIGNED_IN,
    ("POST", "/checkout"): EVERYBODY_SIGNED_IN,
    ("GET", "/orders"): EVERYBODY_SIGNED_IN,
    ("GET", "/orders/{order_id}"): EVERYBODY_SIGNED_IN,
    ("POST", "/orders/{order_id}/authentication"): EVERYBODY_SIGNED_IN,
    ("POST", "/orders/{order_id}/cancellation"): EVERYBODY_SIGNED_IN,
    # A case is found by its id and by who asks: whether the caller is a party of it, the store says.
    ("POST", "/cases"): EVERYBODY_SIGNED_IN,
    ("GET", "/cases"): EVERYBODY_SIGNED_IN,
    ("GET", "/cases/{case_id}"): EVERYBODY_SIGNED_IN,
    ("PUT", "/admin/cases/{case_id}/decision"): ADMINS,
    ("PUT", "/admin/reviews/{order_id}/verdict"): ADMINS,
    ("PUT", "/admin/suspensions/{seller_id}"): ADMINS,
    ("POST", "/admin/suspensions/{seller_id}/end"): ADMINS,
    ("GET", "/admin/audit"): ADMINS,
}
PREFIXES = {
    "/seller/": SELLER,
    "/sellers/{": BACK_OFFICE,
    "/admin/": BACK_OFFICE,
    "/cases/{": EVERYBODY_SIGNED_IN,
    "/catalog/": SELLER,
}
"""What is true of everything below a path."""
PUBLIC = {route.key for service in SERVICES for route in service.routes if route.public}
BODIES: dict[str, dict[str, Any]] = {
    "/seller/orders/{order_id}/shipment": {"carrier": "DHL", "tracking": "1"},
    "/sellers/{seller_id}/orders/{order_id}/hold": {"reason": "matrix"},
    "/sellers/{seller_id}/orders/{order_id}/release": {"reason": "matrix"},
}
OPERATIONS = [
    pytest.param(service, method, path, id=f"{method} {path}")
    for service in services()
    for route in service.routes
    for method, path in [(route.method, route.path)]
]


def allowed(method: str, path: str) -> frozenset[str] | None:
    """The roles that may call it; None where neither the table nor a prefix says so."""
    below = (roles for prefix, roles in PREFIXES.items() if path.startswith(prefix))
    return ALLOWED.get((method, path)) or next(below, None)


class Reached(Exception):
    """The request was let through to what the service works with."""


class Guarded:
    """In place of a service's dependencies: whoever touches them got through."""

    def __getattr__(self, name: str) -> Any:
        raise Reached(name)


@pytest.fixture(scope="module")
def clients(provider: IdentityProvider) -> dict[str, TestClient]:
    """Each service with nothing behind it."""
    opened = {}
    for service in services():
        app = application(service)
        app.state.dependencies = Guarded()
        opened[service.name] = TestClient(app, raise_server_exceptions=False)
    return opened


def ask(client: TestClient, method: str, path: str, headers: dict[str, str]) -> int:
    """The status; 500 for a request that got through to the dependencies, which are not there."""
    filled = path
    for part in path.split("/"):
        if part.startswith("{"):
            filled = filled.replace(part, "x")
    return client.request(method, filled, headers=headers, json=BODIES.get(path, {})).status_code


@pytest.mark.parametrize(("service", "method", "path"), OPERATIONS)
def test_an_operation_is_open_to_its_roles_and_closed_to_all_others(
    clients: dict[str, TestClient], service: Service, method: str, path: str
) -> None:
    client = clients[service.name]
    public = f"{method} {path}" in PUBLIC
    assert (ask(client, method, path, {}) == 401) is not public, "without a token"
    assert (ask(client, method, path, {"authorization": "Bearer forged"}) == 401) is not public
    may = allowed(method, path)
    refused = {role for role in ROLES if ask(client, method, path, signed_in("ann", role)) == 403}
    if public:
        assert not refused
    elif may is not None:
        assert refused == set(ROLES) - may
        assert (ask(client, method, path, signed_in("ann")) == 403) is (may != EVERYBODY_SIGNED_IN)
    else:
        raise AssertionError("say in ALLOWED or PREFIXES who may call it")


def test_every_operation_is_a_route_of_the_stack_and_the_other_way_round() -> None:
    for service in services():
        documented = {f"{method} {path}" for method, path, _ in operations(application(service))}
        assert documented == {route.key for route in service.routes}


@pytest.fixture
def seller_service(postgres_dsn: str, provider: IdentityProvider) -> Iterator[TestClient]:
    """The seller service over a database where Ada and Ben have each sold something, alone."""

    async def prepare() -> None:
        connection = await asyncpg.connect(postgres_dsn)
        await migrate(connection)
        for seller_id in ("ada", "ben"):
            await connection.execute(
                f"""
                INSERT INTO sellers (seller_id, display_name) VALUES ('{seller_id}', '{seller_id}');
                INSERT INTO orders (order_id, buyer_id, status, currency, total, payment_method, payment_intent_id,
                    charge_id) VALUES ('of-{seller_id}', 'b', 'fulfilled', 'usd', 100, 'pm', 'pi', 'ch');
                INSERT INTO order_lines (order_id, offer_id, product_id, seller_id, title, quantity, unit_price,
                    stock_state) VALUES ('of-{seller_id}', 'o', 'p', '{seller_id}', 't', 1, 100, 'confirmed');
                INSERT INTO seller_orders (order_id, seller_id, gross, commission, state, held_until)
                    VALUES ('of-{seller_id}', '{seller_id}', 100, 10, 'held', now() + interval '1 day');
                INSERT INTO ledger_transactions (transaction_id, order_id, entries)
                    VALUES ('capture/of-{seller_id}', 'of-{seller_id}', 2);
                INSERT INTO ledger_entries VALUES ('capture/of-{seller_id}', 'stripe', 'usd', 90),
                    ('capture/of-{seller_id}', 'seller:{seller_id}:held', 'usd', -90)
                """  # noqa: S608
            )
        await connection.close()

    asyncio.run(prepare())
    [service] = [service for service in services() if service.name == "seller"]
    with TestClient(application(service, postgres_dsn), raise_server_exceptions=False) as client:
        yield client


SELLER_ROUTES = [
    (route.method, route.path) for service in services() if service.name == "seller" for route in service.routes
]


def _send(client: TestClient, method: str, path: str, user_id: str, *groups: str, order_id: str) -> Any:
    filled = path.replace("{order_id}", order_id).replace("{seller_id}", order_id.removeprefix("of-"))
    period = {"start": "2020-01-01T00:00:00Z", "end": "2100-01-01T00:00:00Z"}
    query = period if path.endswith("/statement") else None
    body = BODIES.get(path) if method != "GET" else None
    return client.request(method, filled, headers=signed_in(user_id, *groups), params=query, json=body)


def test_what_belongs_to_one_seller_is_not_there_for_another(seller_service: TestClient) -> None:
    """Every route of a seller, on its own order, and on another's: the answer to that tells nothing and changes
    nothing."""
    own = [(method, path) for method, path in SELLER_ROUTES if path.startswith("/seller/") and "account" not in path]
    before = _send(seller_service, "GET", "/seller/orders/{order_id}", "ben", "seller", order_id="of-ben").json()
    for method, path in own:
        mine = _send(seller_service, method, path, "ada", "seller", order_id="of-ada")
        assert mine.status_code == 200, (path, mine.text)
        assert "of-ben" not in mine.text
        if "{order_id}" in path:
            theirs = _send(seller_service, method, path, "ada", "seller", order_id="of-ben")
            assert (theirs.status_code, theirs.json()["type"]) == (404, "/problems/order-not-found"), path
    assert (
        _send(seller_service, "GET", "/seller/orders/{order_id}", "ben", "seller", order_id="of-ben").json() == before
    )


def test_the_back_office_acts_for_a_seller_and_a_seller_never_for_another(seller_service: TestClient) -> None:
    for method, path in SELLER_ROUTES:
        if not path.startswith("/sellers/"):
            continue
        for seller in ("ada", "ben"):
            refused = _send(seller_service, method, path, "ada", "seller", "buyer", order_id=f"of-{seller}")
            assert refused.status_code == 403, path
        for role in ("support", "admin"):
            if path.endswith("/release"):
                _send(seller_service, "PUT", path.replace("release", "hold"), "sam", role, order_id="of-ben")
            done = _send(seller_service, method, path, "sam", role, order_id="of-ben")
            assert done.status_code == 200, (path, done.text)
