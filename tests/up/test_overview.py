"""Where to look after `up`."""

from __future__ import annotations

from io import StringIO

import httpx
import pytest
import redis
from rich.console import Console

from tests.up.conftest import REGION, Running, marketplace, rows
from toolkit.local.stack.overview import show
from toolkit.local.stack.steps import Steps
from toolkit.local.state.run import Component, Resources, Run

RUN = Run(
    stack="dev",
    engine="offline",
    url="http://127.0.0.1:8080",
    endpoints={
        "Gateway": "http://127.0.0.1:8080",
        "JWKS": "http://127.0.0.1:20123/us-east-1_0123456789abcdef0123456789abcdef/.well-known/jwks.json",
    },
    resources=Resources(total=9, emulated=6, recorded=3, create=12, update=0, replace=0, delete=0, same=0),
    components=(
        Component(name="network", engine=None, emulated=0, recorded=3),
        Component(name="fulfillment-dead-letters", engine="elasticache-valkey", emulated=6, recorded=0),
    ),
    unserved=("GET /webhooks/{proxy+}",),
)


@pytest.mark.parametrize("columns", [60, 100])
def test_addresses_can_be_copied_and_the_rest_fits_the_terminal(columns: int) -> None:
    console = Console(width=columns, file=StringIO(), record=True)
    show(RUN, console)
    lines = console.export_text().splitlines()
    assert any(line.endswith(RUN.endpoints["JWKS"]) for line in lines)
    assert all(len(line) <= columns for line in lines if "http://" not in line)
    assert [line.split() for line in lines if line.startswith(("network", "fulfillment"))] == [
        ["network", "0", "of", "3"],
        ["fulfillment-dead-letters", "elasticache-valkey", "6", "of", "6"],
    ]
    assert any("no process here serves GET /webhooks/{proxy+}" in line for line in lines)


@pytest.mark.parametrize(("end", "shown"), [(ValueError, True), (KeyboardInterrupt, False)])
def test_a_step_that_is_interrupted_has_not_failed(end: type[BaseException], shown: bool) -> None:
    console = Console(file=StringIO(), record=True)
    with pytest.raises(end), Steps(console).step("plan", "what would be deployed"):
        raise end
    assert ("failed" in console.export_text()) is shown


def test_every_address_answers(running: Running) -> None:
    endpoints = running.report["endpoints"]
    assert httpx.get(endpoints["Catalog"]).json()["items"]
    assert httpx.get(endpoints["JWKS"]).json()["keys"]
    assert endpoints["Issuer"].startswith(f"https://cognito-idp.{REGION}.amazonaws.com/{REGION}_")
    assert rows(endpoints["PostgreSQL"], "SELECT 1 FROM orders LIMIT 1")
    assert redis.Redis.from_url(endpoints["Redis"]).ping()
    assert httpx.get(f"{endpoints['Stripe']}/_double/health").is_success
    assert httpx.get(endpoints["AWS"]).status_code < 500


def test_each_component_tells_its_engine_and_what_it_is_made_of(running: Running) -> None:
    components = {component["name"]: component for component in running.report["components"]}
    made = sum(component["emulated"] + component["recorded"] for component in components.values())
    assert made == running.report["resources"]["total"]
    assert components["orders"]["engine"] == "aurora-postgresql"
    assert components["orders"]["emulated"] > 0
    assert components["network"]["emulated"] == 0
    assert running.report["unserved"] == []


def test_status_shows_the_same_addresses_later(running: Running) -> None:
    shown = marketplace("status", "--state", str(running.state)).stdout
    assert all(address in shown for address in running.report["endpoints"].values())
