"""Spans as segments of X-Ray.

A span that answers somebody (a request, a step, a message) is a segment; what it does on the way is a subsegment that
names its parent: https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html

X-Ray's OTLP endpoint takes spans as they are, but only in an account whose traces go to CloudWatch Logs, which is a
setting of the whole account and region.
"""

from __future__ import annotations

import json
import logging
import re
import socket
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from botocore.config import Config
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import SpanKind, StatusCode, format_span_id, format_trace_id

from commerce.adapters.aws.session import CONFIG, session
from commerce.adapters.tracing import METHOD, OPERATION, PEER, ROUTE, SERVICE, STATEMENT, STATUS

Send = Callable[[Sequence[str]], None]
_PATIENCE: Final = Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 1})
"""A service that ends sends its last spans in the time that the platform leaves it."""
MOST_SEGMENTS: Final = 50
"""In one call of PutTraceSegments."""
_SEGMENTS: Final = frozenset({SpanKind.SERVER, SpanKind.CONSUMER})
_NOT_IN_A_NAME: Final = re.compile(r"[^\w\s.:/%&#=+\-@]")
_LONGEST_NAME: Final = 200
_log = logging.getLogger(__name__)


class XRayExporter(SpanExporter):
    """Hands segments to `send`, a few at a time. What cannot be sent is lost: nothing waits for a trace."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        documents = [json.dumps(segment(span)) for span in spans]
        try:
            for start in range(0, len(documents), MOST_SEGMENTS):
                self._send(documents[start : start + MOST_SEGMENTS])
        except Exception as error:  # whatever it is, the work that is traced goes on
            _log.warning("traces were not sent", extra={"spans": len(spans), "error": repr(error)})
            return SpanExportResult.FAILURE
        return SpanExportResult.SUCCESS


def to_the_service() -> Send:
    """Sends to X-Ray itself."""
    client = session().client("xray", config=CONFIG.merge(_PATIENCE))

    def send(documents: Sequence[str]) -> None:
        refused = client.put_trace_segments(TraceSegmentDocuments=list(documents))["UnprocessedTraceSegments"]
        if refused:
            _log.warning("X-Ray refused segments", extra={"segments": len(refused), "first": refused[0]})

    return send


def to_the_daemon(address: str) -> Send:
    """Sends to the daemon that Lambda runs beside a function, which takes no time of the invocation."""
    host, _, port = address.rpartition(":")
    where = (host, int(port))
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.setblocking(False)

    def send(documents: Sequence[str]) -> None:
        for document in documents:
            datagrams.sendto(b'{"format":"json","version":1}\n' + document.encode(), where)

    return send


def segment(span: ReadableSpan) -> dict[str, Any]:
    """The document of a span that has ended."""
    made, attributes = span.context, dict(span.attributes or {})
    assert made is not None and span.start_time is not None and span.end_time is not None  # noqa: S101 - it has ended
    number = format_trace_id(made.trace_id)
    peer = attributes.get(PEER)
    service = str(span.resource.attributes[SERVICE])
    document: dict[str, Any] = {
        "id": format_span_id(made.span_id),
        "trace_id": f"1-{number[:8]}-{number[8:]}",
        "start_time": span.start_time / 1e9,
        "end_time": span.end_time / 1e9,
    }
    # In front of a service stand the gateway and the load balancer, which send no segments: a request has no parent.
    if span.parent is not None and span.kind is not SpanKind.SERVER:
        document["parent_id"] = format_span_id(span.parent.span_id)
    if span.kind in _SEGMENTS or span.parent is None:
        document["name"] = _name(service)
        found_by = {"operation": span.name, **_annotations(span.resource.attributes), **_annotations(attributes)}
    else:
        document |= {"type": "subsegment", "name": _name(str(peer or span.name))}
        found_by = {"operation": span.name, **_annotations(attributes)}
    document["annotations"] = found_by
    if peer is not None:
        document["namespace"] = "aws" if OPERATION in attributes else "remote"
    if OPERATION in attributes:
        document["aws"] = {"operation": attributes[OPERATION]}
    if STATEMENT in attributes:
        document["sql"] = {"sanitized_query": attributes[STATEMENT]}
    if METHOD in attributes:
        document["http"] = {
            "request": {"method": attributes[METHOD], "url": attributes.get(ROUTE, "")},
            "response": {"status": attributes.get(STATUS, 0)},
        }
    return document | dict(_outcome(span, attributes))


def _outcome(span: ReadableSpan, attributes: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    status = attributes.get(STATUS, 0)
    if status == 429:
        yield "throttle", True
    if 400 <= status < 500:
        yield "error", True
    elif status >= 500 or span.status.status_code is StatusCode.ERROR:
        yield "fault", True
    if kind := attributes.get("error.type"):
        yield "cause", {"exceptions": [{"id": format_span_id(span.context.span_id), "type": kind}]}


def _annotations(attributes: Any) -> dict[str, Any]:
    """What has a plain name; the names with a dot are OpenTelemetry's own."""
    return {name: value for name, value in attributes.items() if "." not in name}


def _name(text: str) -> str:
    return _NOT_IN_A_NAME.sub("_", text)[:_LONGEST_NAME]
