"""Spans and the segments that X-Ray gets of them."""

from __future__ import annotations

import asyncio
import contextvars
import json
import socket
from collections.abc import Callable, Iterator

import asyncpg
import boto3
import pytest
import stripe
from moto import mock_aws
from opentelemetry import trace
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.trace import SpanKind

from commerce.adapters.aws import traces
from commerce.adapters.aws.session import session
from commerce.adapters.aws.traces import XRayExporter, segment, to_the_daemon, to_the_service
from commerce.adapters.postgres.connection import TracedConnection
from commerce.adapters.recording import Pace
from commerce.adapters.redis.sharing import SharingRedis
from commerce.adapters.stripe.clients import _TracedClient
from commerce.adapters.telemetry import continue_trace, traceparent, within_trace
from commerce.adapters.tracing import ROUTE, STATUS, annotate, request_span, span
from tests.commerce.recorded import Recorded

TRACE = "5759e988bd862e3fe1be46a994272793"
ASKED_FOR = {"traceparent": f"00-{TRACE}-53995c3f42cd8ad8-01"}


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> Recorded:
    return Recorded(monkeypatch)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    session.cache_clear()
    with mock_aws():
        yield
    session.cache_clear()


def apart(work: Callable[[], None]) -> None:
    """Runs in a context of its own, as each request does."""
    contextvars.copy_context().run(work)


def answered(status: int = 202, method: str = "POST") -> None:
    continue_trace(ASKED_FOR)
    request = request_span(method)
    annotate(order_id="order-1")
    request.set_attribute(ROUTE, "/orders/{order_id}")
    request.set_attribute(STATUS, status)
    request.end()


def test_a_request_is_a_segment_without_a_parent_found_by_order_and_stack(recorded: Recorded) -> None:
    apart(answered)
    document = segment(recorded.spans["POST"])
    assert document["name"] == "checkout"
    assert document["trace_id"] == f"1-{TRACE[:8]}-{TRACE[8:]}"
    assert "parent_id" not in document, "nothing in front of a service sends segments"
    assert "type" not in document
    assert document["annotations"] == {"operation": "POST", "stack": "shop-dev", "order_id": "order-1"}
    assert document["http"] == {
        "request": {"method": "POST", "url": "/orders/{order_id}"},
        "response": {"status": 202},
    }
    assert not {"fault", "error", "throttle"} & document.keys()


@pytest.mark.parametrize(
    ("status", "marks"),
    [(200, set()), (404, {"error"}), (429, {"error", "throttle"}), (500, {"fault"}), (503, {"fault"})],
)
def test_a_segment_says_whose_fault_it_is(recorded: Recorded, status: int, marks: set[str]) -> None:
    apart(lambda: answered(status))
    assert {"fault", "error", "throttle"} & segment(recorded.spans["POST"]).keys() == marks


def test_what_is_done_on_the_way_is_a_subsegment_and_a_message_a_segment_of_its_own(recorded: Recorded) -> None:
    def bought() -> None:
        continue_trace(ASKED_FOR)
        request = request_span("POST")
        with span("start checkout", SpanKind.PRODUCER):
            carried = traceparent()
        request.end()
        with within_trace(carried), span("message", SpanKind.CONSUMER):
            pass

    apart(bought)
    request, start, message = (segment(recorded.spans[name]) for name in ("POST", "start checkout", "message"))
    assert (start["type"], start["parent_id"]) == ("subsegment", request["id"])
    assert (message.get("type"), message["parent_id"]) == (None, start["id"])
    assert {document["trace_id"] for document in (request, start, message)} == {f"1-{TRACE[:8]}-{TRACE[8:]}"}


def test_an_error_is_told_by_its_class_and_not_by_its_words(recorded: Recorded) -> None:
    def lost() -> None:
        answered()
        with span("message", SpanKind.CONSUMER):
            raise ValueError("ada@customers.example has no card 4242")

    with pytest.raises(ValueError, match="ada"):
        apart(lost)
    document = segment(recorded.spans["message"])
    assert document["fault"]
    assert document["cause"]["exceptions"][0]["type"] == "ValueError"
    assert "ada" not in json.dumps(document)


def test_the_service_decides_and_not_the_caller_what_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    few = Recorded(monkeypatch, changes=0, reads=0.0)
    for method in ("POST", "GET"):
        apart(lambda method=method: answered(method=method))
    assert few.spans == {}


def test_what_follows_an_unrecorded_request_is_not_recorded_either(monkeypatch: pytest.MonkeyPatch) -> None:
    few = Recorded(monkeypatch, changes=0)

    def bought() -> None:
        continue_trace(ASKED_FOR)
        request_span("POST").end()
        carried = traceparent()
        assert carried is not None and carried.split("-")[1::2] == [TRACE, "00"], "the logs keep the trace"
        with within_trace(carried), span("message", SpanKind.CONSUMER):
            pass

    apart(bought)
    assert few.spans == {}


def test_work_that_nobody_asked_for_is_not_recorded(recorded: Recorded) -> None:
    def looked_for_work() -> None:
        with span("look"):
            pass

    apart(looked_for_work)
    assert recorded.spans == {}


def test_a_rush_of_changes_is_recorded_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("commerce.adapters.recording.time.monotonic", lambda: now[0])
    pace = Pace(burst=20, per_second=1.0)
    assert sum(pace.passes() for _ in range(1_000)) == 20
    now[0] += 3
    assert sum(pace.passes() for _ in range(1_000)) == 3
    now[0] += 3_600
    assert sum(pace.passes() for _ in range(1_000)) == 20


def test_a_trace_that_the_platform_continues_and_records_keeps_its_span_as_parent() -> None:
    def invoked() -> None:
        continue_trace({"x-amzn-trace-id": f"Root=1-{TRACE[:8]}-{TRACE[8:]};Parent=00000000000000aa;Sampled=1"})
        with within_trace(f"00-{TRACE}-00000000000000bb-01"):
            assert trace.get_current_span().get_span_context().span_id == 0xAA
        with within_trace(f"00-{'1' * 32}-00000000000000bb-01"):
            assert trace.get_current_span().get_span_context().span_id == 0xBB

    apart(invoked)


def test_a_trace_that_the_platform_does_not_record_gives_way_to_the_carried_one() -> None:
    def invoked() -> None:
        continue_trace({"x-amzn-trace-id": f"Root=1-{TRACE[:8]}-{TRACE[8:]};Parent=00000000000000aa;Sampled=0"})
        with within_trace(f"00-{TRACE}-00000000000000bb-01"):
            assert trace.get_current_span().get_span_context().span_id == 0xBB

    apart(invoked)


@pytest.mark.usefixtures("aws")
def test_xray_takes_the_segments_fifty_at_a_time(recorded: Recorded) -> None:
    apart(answered)
    XRayExporter(to_the_service()).export([recorded.spans["POST"]] * 120)
    [read] = boto3.client("xray", "us-east-1").batch_get_traces(TraceIds=[f"1-{TRACE[:8]}-{TRACE[8:]}"])["Traces"]
    assert len(read["Segments"]) == 120
    assert json.loads(read["Segments"][0]["Document"]) == segment(recorded.spans["POST"])
    sent: list[int] = []
    XRayExporter(lambda documents: sent.append(len(documents))).export([recorded.spans["POST"]] * 120)
    assert sent == [traces.MOST_SEGMENTS, traces.MOST_SEGMENTS, 20]


def test_work_goes_on_where_traces_cannot_be_sent(recorded: Recorded, caplog: pytest.LogCaptureFixture) -> None:
    def refuse(_: object) -> None:
        raise OSError("no route")

    apart(answered)
    assert XRayExporter(refuse).export([recorded.spans["POST"]]) is SpanExportResult.FAILURE
    assert "traces were not sent" in caplog.text


def test_the_daemon_gets_each_segment_behind_its_header(recorded: Recorded) -> None:
    apart(answered)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
        daemon.bind(("127.0.0.1", 0))
        daemon.settimeout(5)
        XRayExporter(to_the_daemon("127.0.0.1:{1}".format(*daemon.getsockname()))).export([recorded.spans["POST"]])
        header, _, document = daemon.recv(65_535).partition(b"\n")
    assert json.loads(header) == {"format": "json", "version": 1}
    assert json.loads(document) == segment(recorded.spans["POST"])


@pytest.mark.usefixtures("aws")
def test_calls_of_aws_stripe_redis_and_the_database_are_subsegments_without_values(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def execute(*_: object, **__: object) -> str:
        return "OK"

    monkeypatch.setattr("redis.asyncio.Redis.execute_command", execute)
    monkeypatch.setattr(stripe.RequestsClient, "request", lambda *_, **__: ("{}", 200, {}))
    traced_execute = TracedConnection.execute.__wrapped__
    assert traced_execute is asyncpg.Connection.execute

    def bought() -> None:
        continue_trace(ASKED_FOR)
        request = request_span("POST")
        session().client("sqs").create_queue(QueueName="secret-queue")
        with pytest.raises(Exception, match="NonExistentQueue"):
            session().client("sqs").get_queue_url(QueueName="secret-other")
        asyncio.run(SharingRedis().execute_command("GET", "secret-key"))
        _TracedClient().request("post", "https://api.stripe.com/v1/payment_intents/pi_3Nsecret/capture", {}, None)
        request.end()

    apart(bought)
    documents = {name: segment(found) for name, found in recorded.spans.items()}
    assert documents["CreateQueue"]["aws"] == {"operation": "CreateQueue"}
    assert (documents["CreateQueue"]["namespace"], documents["CreateQueue"]["name"]) == ("aws", "SQS")
    assert "NonExistentQueue" in documents["GetQueueUrl"]["cause"]["exceptions"][0]["type"]
    assert (documents["GET"]["namespace"], documents["GET"]["name"]) == ("remote", "redis")
    assert documents["POST /v1/payment_intents/{id}/capture"]["name"] == "stripe"
    assert {document.get("parent_id") for document in documents.values()} == {None, documents["POST"]["id"]}
    assert "secret" not in json.dumps(documents)


async def test_statements_are_recorded_with_their_text_and_without_their_values(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def statement(*_: object, **__: object) -> tuple[list[object], bytes, bool]:
        return [], b"UPDATE 1", True

    monkeypatch.setattr(asyncpg.Connection, "_execute", statement)
    connection = TracedConnection.__new__(TracedConnection)
    connection._aborted = True  # so that it has nothing to close
    monkeypatch.setattr(TracedConnection, "_check_open", lambda _self: None)
    continue_trace(ASKED_FOR)
    request = request_span("POST")
    await connection.execute("UPDATE orders SET buyer_id = $1", "secret-buyer")
    request.end()
    document = segment(recorded.spans["UPDATE"])
    assert (document["name"], document["sql"]) == (
        "postgresql",
        {"sanitized_query": "UPDATE orders SET buyer_id = $1"},
    )
    assert "secret" not in json.dumps(document)
