"""Structured logs and the trace id that leads from one line to the others: the same in services and functions.

The trace lives in OpenTelemetry's context, so whatever is instrumented with OpenTelemetry continues it.
"""

from __future__ import annotations

import logging
import random
import re
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

import structlog
from opentelemetry import context, trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from structlog.typing import EventDict, Processor, WrappedLogger

TRACE_HEADERS = ("traceparent", "tracestate", "x-amzn-trace-id")
# AWS writes the 32 digits of a trace id as `1-<8>-<24>`. A load balancer sends no parent, and OpenTelemetry's own
# propagator for X-Ray drops such a header: https://github.com/open-telemetry/opentelemetry-python-contrib/issues/1378
_AMAZON = re.compile(r"(?:^|;)\s*Root=1-(?P<time>[0-9a-f]{8})-(?P<unique>[0-9a-f]{24})")
_AMAZON_PARENT = re.compile(r";\s*Parent=([0-9a-f]{16})")
_TRACE_CONTEXT = TraceContextTextMapPropagator()
_CHATTY = ("botocore", "boto3", "urllib3", "asyncio")


def continue_trace(headers: Mapping[str, str]) -> None:
    """Makes the caller's trace the current one: from `traceparent`, else `x-amzn-trace-id`, else a new trace.

    `headers` has lower-case names. The trace stays until the current task ends or another one is continued.
    """
    extracted = _TRACE_CONTEXT.extract(headers)
    if not trace.get_current_span(extracted).get_span_context().is_valid:
        # A trace id must be unique, not secret, so it costs no system call.
        sent = headers.get("x-amzn-trace-id", "")
        amazon, span = _AMAZON.search(sent), _AMAZON_PARENT.search(sent)
        trace_number = int(amazon["time"] + amazon["unique"], 16) if amazon else _new_number()
        flags = trace.TraceFlags.SAMPLED if span and "Sampled=1" in sent else trace.TraceFlags.DEFAULT
        parent_number = int(span[1], 16) if span else random.getrandbits(64)
        parent = trace.SpanContext(trace_number, parent_number, is_remote=True, trace_flags=trace.TraceFlags(flags))
        extracted = trace.set_span_in_context(trace.NonRecordingSpan(parent), extracted)
    context.attach(extracted)


def _new_number() -> int:
    """A trace id as X-Ray makes them: the seconds of now, then chance."""
    return int(time.time()) << 96 | random.getrandbits(96)


@contextmanager
def within_trace(parent: str | None) -> Iterator[None]:
    """Continues a stored trace while the context is open; the current one goes on where none was stored.

    `parent` is what `traceparent` returned when the work was put aside. Where the current trace is the same and is
    recorded, it is nearer: the platform has continued it, and its own span is the parent.
    """
    now = context.get_current()
    extracted = _TRACE_CONTEXT.extract({"traceparent": parent} if parent else {}, now)
    current, stored = (trace.get_current_span(one).get_span_context() for one in (now, extracted))
    if current.trace_id == stored.trace_id and current.is_remote and current.trace_flags.sampled:
        extracted = now
    token = context.attach(extracted)
    try:
        yield
    finally:
        context.detach(token)


def amazon_trace() -> str | None:
    """The current trace as AWS writes it in `X-Amzn-Trace-Id`; None outside of a trace."""
    current = trace.get_current_span().get_span_context()
    if not current.is_valid:
        return None
    number, sampled = trace.format_trace_id(current.trace_id), int(current.trace_flags.sampled)
    return f"Root=1-{number[:8]}-{number[8:]};Parent={trace.format_span_id(current.span_id)};Sampled={sampled}"


def trace_id() -> str | None:
    """The current trace's id, 32 hexadecimal digits; None outside of a trace."""
    current = trace.get_current_span().get_span_context()
    return trace.format_trace_id(current.trace_id) if current.is_valid else None


def traceparent() -> str | None:
    """The current trace in W3C's format, to be stored beside work that is done later; None outside of a trace."""
    carrier: dict[str, str] = {}
    _TRACE_CONTEXT.inject(carrier)
    return carrier.get("traceparent")


def configure_logging(*, service: str, level: str) -> None:
    """Writes every log record of this process as one JSON object per line on standard output.

    A line has timestamp, level, logger, service, message, trace id, what was passed as `extra`, what is bound in
    `structlog.contextvars`, and the exception.
    """
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(json_formatter(service))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel(logging.WARNING)


def json_formatter(service: str) -> logging.Formatter:
    """Formats records of the standard library's loggers, which every library here logs with."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.ExtraAdder(),
            structlog.processors.format_exc_info,
            _identified(service),
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(default=str),
        ],
    )


def _identified(service: str) -> Processor:
    def identify(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        record: logging.LogRecord = event["_record"]
        line = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "service": service,
            "message": event.pop("event"),
        }
        if current := trace_id():
            line["trace_id"] = current
        return {**line, **event}

    return identify
