"""One purchase has one trace: from the gateway over the outbox, the rendered workflow and the queue to the mails."""

from __future__ import annotations

import asyncio
import contextvars
import importlib
import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.awslambda.models import LambdaFunction
from moto.core.config import default_user_config

from commerce.adapters.aws import StepFunctionsFlow
from commerce.adapters.memory import MemoryMarket, MemoryOutbox
from commerce.adapters.telemetry import amazon_trace, continue_trace, trace_id, traceparent, within_trace
from commerce.events import DomainEvent, EventType
from functions.aws_lambda import message_trace
from services.checkout.relay import Relay
from services.http.trace import TraceMiddleware
from tests.functions.test_saga_workflow import FORWARD, Workflow
from toolkit.local.gateway.application import _traced

ORDER = "order-1"
CONTEXT = SimpleNamespace(
    function_name="any",
    memory_limit_in_mb=256,
    invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:any",
    aws_request_id="request",
    get_remaining_time_in_millis=lambda: 30_000,
)


class Seen:
    """Stands behind the entries of the functions and writes down the trace that their work runs in."""

    def __init__(self, market: MemoryMarket) -> None:
        self.market = market
        self.hops: list[tuple[str, str | None]] = []

    async def run(self, step: str, order_id: str, error: str | None) -> str:
        self.hops.append((step, trace_id()))
        return ""

    async def fulfill(self, body: str) -> str:
        self.hops.append(("fulfilled", trace_id()))
        self.market.record(DomainEvent(type=EventType.ORDER_FULFILLED, subject_id=ORDER))
        return ORDER

    async def send(self, body: str) -> int:
        self.hops.append(("mailed", trace_id()))
        return 1


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Iterator[Seen]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "us-east-1")
    for name in ("CLOUD", "SERVICE_NAME", "POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE"):
        monkeypatch.setenv(name, "aws")
    for name in ("AWS_ENDPOINT_URL", "_X_AMZN_TRACE_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setitem(default_user_config, "stepfunctions", {"execute_state_machine": True})
    monkeypatch.setitem(default_user_config, "iam", {"load_aws_managed_policies": False})
    seen = Seen(MemoryMarket())
    saga = importlib.import_module("functions.checkout.aws")
    monkeypatch.setattr(saga, "_steps", lambda: seen)
    processor = importlib.import_module("functions.order_processor.aws")
    monkeypatch.setattr(processor, "_fulfillment", lambda: SimpleNamespace(handle=seen.fulfill))
    notifier = importlib.import_module("functions.notifications.aws")
    monkeypatch.setattr(notifier, "_sending", lambda: SimpleNamespace(handle=seen.send))
    monkeypatch.setattr(
        LambdaFunction, "_invoke_lambda", lambda _self, event: (json.dumps(saga.handler(event, CONTEXT)), False, "")
    )
    with mock_aws():
        yield seen


async def bought(seen: Seen) -> None:
    """What the service does with a request of the gateway: the order and its row of the outbox, in one transaction."""

    async def accept(scope: Any, receive: Any, send: Any) -> None:
        seen.hops.append(("service", trace_id()))
        seen.market.enqueue(ORDER, 1)

    headers = _traced([])
    seen.hops.append(("gateway", dict(headers)[b"traceparent"].decode().split("-")[1]))
    await TraceMiddleware(accept)({"type": "http", "headers": headers}, None, None)  # type: ignore[arg-type]


def delivered(module: str, *bodies: str) -> None:
    records = [{"messageId": str(n), "body": body, "eventSource": "aws:sqs"} for n, body in enumerate(bodies)]
    answer = importlib.import_module(f"functions.{module}.aws").handler({"Records": records}, CONTEXT)
    assert answer == {"batchItemFailures": []}


def test_a_purchase_is_one_trace_from_the_gateway_to_the_mails(seen: Seen) -> None:
    workflow = Workflow()
    states = boto3.client("stepfunctions")
    (machine,) = states.list_state_machines()["stateMachines"]
    asyncio.run(bought(seen))
    relay = Relay(outbox=MemoryOutbox(seen.market), flow=StepFunctionsFlow(machine["stateMachineArn"]))
    assert asyncio.run(relay.relay_once()) == 1
    assert workflow.ended() == "SUCCEEDED"
    delivered("order_processor", *map(json.dumps, workflow.fulfillment_messages()))
    (event,) = seen.market.events.values()
    delivered("notifications", event.recorded.message())
    assert [hop for hop, _ in seen.hops] == ["gateway", "service", *FORWARD, "fulfilled", "mailed"]
    assert {trace for _, trace in seen.hops} == {seen.hops[0][1]}


def test_messages_of_one_batch_keep_their_own_traces() -> None:
    contextvars.copy_context().run(_one_batch)  # so that no other test runs in its trace


def _one_batch() -> None:
    continue_trace({})
    ours = trace_id()
    for digit in "ab":
        with message_trace(json.dumps({"traceparent": f"00-{digit * 32}-00f067aa0ba902b7-01"})):
            assert trace_id() == digit * 32
    for body in ("{}", "no JSON", "[]", json.dumps({"execution": {"order_id": ORDER}, "traceparent": 5})):
        with message_trace(body):
            assert trace_id() == ours


def test_the_trace_is_written_as_aws_writes_it() -> None:
    with within_trace("00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01"):
        assert amazon_trace() == "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
        assert traceparent() == "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01"
