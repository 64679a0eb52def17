"""One connected trace of a purchase, as X-Ray has it: every process sent its part under its own role."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

from tests.up.conftest import Running, buy, marketplace, until
from toolkit.local.purchase.buying import VISA

EMULATORS = {"moto", "stripe", "postgres", "redis", "opensearch"}
SECRETS = {"customers.example", "sk_test_", "whsec_", "_secret_", "Bearer ", "eyJ", VISA}
"""Of people, of Stripe, of sessions (a token begins so), and of cards."""
CALLS = {"postgresql", "redis", "stripe", "SFN", "SageMaker Runtime"}


def traced(running: Running, order_id: str) -> list[dict[str, Any]]:
    shown = marketplace("trace", order_id, "--json", "--state", str(running.state))
    return list(json.loads(shown.stdout)) if shown.returncode == 0 else []


def test_a_purchase_is_one_connected_trace_from_the_service_over_the_workflow_and_the_queue(running: Running) -> None:
    name = f"traced-{uuid4().hex[:8]}"
    order_id = buy(running, name, {running.offer(stock=5): 1}).order_id

    def whole() -> list[dict[str, Any]]:
        found = traced(running, order_id)
        names = [one["name"] for one in found]
        return found if {"checkout", "order-processor", "notifier"} <= set(names) else []

    segments = until(whole, seconds=30, what="the trace has the purchase's last part")
    ids = {one["id"] for one in segments}
    [root] = [one for one in segments if "parent_id" not in one]
    assert root["annotations"] == {"operation": "POST /checkout", "order_id": order_id, "stack": "marketplace-dev"}
    assert {one["parent_id"] for one in segments if one is not root} <= ids, "no part hangs in the air"
    assert len({one["trace_id"] for one in segments}) == 1
    services = {one["name"] for one in segments if one.get("type") != "subsegment"}
    assert services == {"checkout", "checkout-saga", "order-processor", "notifier"}
    steps = [one["annotations"]["step"] for one in segments if one["name"] == "checkout-saga"]
    assert steps == ["score", "authorize", "confirm_stock", "capture", "record_split"]
    assert {one["name"] for one in segments} >= CALLS
    assert not any(one.get("fault") for one in segments)
    text = json.dumps(segments)
    assert name not in text and "customers.example" not in text, "nothing about a person"
    shown = marketplace("trace", order_id, "--state", str(running.state))
    assert "order-processor  message" in shown.stdout


def test_an_unknown_order_is_told_so_with_a_next_step(running: Running) -> None:
    unknown = marketplace("trace", "no-such-order", "--state", str(running.state))
    assert unknown.returncode == 1
    assert "buy once more" in unknown.stderr


def test_the_logs_of_a_purchase_lead_to_its_trace_and_name_nobody(running: Running) -> None:
    name = f"logged-{uuid4().hex[:8]}"
    order_id = buy(running, name, {running.offer(stock=5): 1}).order_id
    segments = until(lambda: traced(running, order_id), seconds=30, what="the order has a trace")
    trace_id = segments[0]["trace_id"].replace("-", "")[1:]

    def lines() -> dict[str, list[dict[str, Any]]]:
        logs = {log.stem: log.read_text() for log in (running.state / "logs").glob("*.log")}
        found = {
            service: [json.loads(line) for line in text.splitlines() if order_id in line and line.startswith("{")]
            for service, text in logs.items()
            if service in {"checkout-saga", "order-processor"}
        }
        return found if all(found.values()) else {}

    told = until(lines, seconds=20, what="both functions logged the order")
    for service, entries in told.items():
        assert {entry["trace_id"] for entry in entries} == {trace_id}
        assert {entry["service"] for entry in entries} == {service}
    for log in (running.state / "logs").glob("*.log"):
        if log.stem in EMULATORS:
            continue
        text = log.read_text()
        assert not [secret for secret in SECRETS | {name} if secret in text], log.stem
