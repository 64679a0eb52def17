"""What the Lambda entries of all functions share: logs with the invocation's trace id, and traces."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, wraps
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote_plus

import structlog
from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit
from opentelemetry.trace import SpanKind

from commerce.adapters.telemetry import configure_logging, continue_trace, within_trace
from commerce.adapters.tracing import span
from commerce.measures import Measure

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

Answer = TypeVar("Answer")
_Handler = Callable[[dict[str, Any], "LambdaContext"], Answer]


def logged(handler: _Handler[Answer]) -> _Handler[Answer]:
    """Records the invocation, and gives every line that `handler` logs its trace id, its request id, and what it binds
    itself."""

    @wraps(handler)
    def invoked(event: dict[str, Any], context: LambdaContext) -> Answer:
        configure()
        continue_trace({"x-amzn-trace-id": os.environ.get("_X_AMZN_TRACE_ID", "")})
        carried = _carried(event)
        with (
            within_trace(carried),
            structlog.contextvars.bound_contextvars(request_id=context.aws_request_id),
            span("invocation", SpanKind.CONSUMER if carried else SpanKind.INTERNAL),
        ):
            return handler(event, context)

    return invoked


class EmbeddedMeasures:
    """`commerce.ports.measures.Measures` as CloudWatch's embedded metrics, which are a line of the function's log.

    Written when the invocation ends, by the handler's `log_metrics`.
    """

    def __init__(self) -> None:
        self._metrics = Metrics()  # all of a process are one

    def add(self, measure: Measure, value: int) -> None:
        self._metrics.add_metric(name=measure.value, unit=MetricUnit.Count, value=value)


@contextmanager
def message_trace(body: str) -> Iterator[None]:
    """Continues the trace that a message's body carries, if any, while the context is open, and records the message."""
    try:
        carried = _carried(json.loads(body))
    except ValueError:
        carried = None  # the handler says what is wrong with the body
    with within_trace(carried), span("message", SpanKind.CONSUMER):
        yield


def _carried(work: object) -> str | None:
    """The trace of an event of the marketplace, or of the execution that asks for the work."""
    if not isinstance(work, dict):
        return None
    execution = work.get("execution")
    found = work.get("traceparent") or (execution.get("traceparent") if isinstance(execution, dict) else None)
    return found if isinstance(found, str) else None


def object_keys(body: str) -> tuple[str, ...]:
    """The keys of the objects that a message of S3 tells of; none for the message that tries the connection."""
    event = json.loads(body)
    return tuple(unquote_plus(record["s3"]["object"]["key"]) for record in event.get("Records", ()))


@cache
def configure() -> None:
    """Sets up the logs of this process, and its traces where Lambda runs a daemon that takes them; once."""
    from functions.settings import FunctionSettings

    settings = FunctionSettings()
    warnings.filterwarnings("ignore", "No application metrics to publish")  # most invocations have none
    configure_logging(service=settings.service_name, level=settings.log_level)
    if daemon := os.environ.get("AWS_XRAY_DAEMON_ADDRESS"):
        from commerce.adapters import cloud
        from commerce.adapters.recording import record_at_once

        record_at_once(settings.service_name, cloud.load(settings.cloud).span_exporter(daemon))
