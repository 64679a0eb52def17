"""One connected trace of a purchase, as X-Ray has it: every process sent its part under its own role."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

from tests.up.conftest import Running, buy, marketplace, until

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
    assert name not in text and "@" not in text, "nothing about a person"
    shown = marketplace("trace", order_id, "--state", str(running.state))
    assert "order-processor  message" in shown.stdout


def test_an_unknown_order_is_told_so_with_a_next_step(running: Running) -> None:
    unknown = marketplace("trace", "no-such-order", "--state", str(running.state))
    assert unknown.returncode == 1
    assert "buy once more" in unknown.stderr
