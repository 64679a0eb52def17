"""Spans: what took how long on the way of a trace. Nothing is recorded until
`commerce.adapters.recording` is told to.

The libraries' own instrumentations are left out: each of them costs more for every call than the few lines here, and
puts into a span what may name a person (a URL, a key, a parameter).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from opentelemetry import context, trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

SERVICE: Final = "service.name"
METHOD: Final = "http.request.method"
ROUTE: Final = "http.route"
STATUS: Final = "http.response.status_code"
STATEMENT: Final = "db.query.text"
OPERATION: Final = "rpc.method"
"""Of a service of the cloud."""
PEER: Final = "peer.service"
"""What a span waits for, where that is not of this process: `postgresql`, `stripe`."""

_LONGEST_STATEMENT: Final = 500
_tracer = trace.get_tracer("marketplace")


@contextmanager
def span(name: str, kind: SpanKind = SpanKind.INTERNAL, **annotations: str) -> Iterator[Span]:
    """A span within the current one. An error that leaves it is recorded by its class only: a message can hold data.

    `annotations` are ids and words to find a trace by, never anything about a person.
    """
    opened = started(name, kind, **annotations)
    with trace.use_span(opened, record_exception=False, set_status_on_exception=False):
        try:
            yield opened
        except BaseException as error:
            failed(opened, error)
            raise
        finally:
            opened.end()


def started(name: str, kind: SpanKind, **annotations: str) -> Span:
    """A span of the current one, which does not take its place. Call its `end`."""
    return _tracer.start_span(name, kind=kind, attributes=annotations, record_exception=False)


def recording() -> bool:
    """Whether the current span is recorded: what is called often asks first."""
    return trace.get_current_span().is_recording()


@contextmanager
def waiting_for(peer: str, name: str, statement: str | None = None) -> Iterator[None]:
    """A span for a call that leaves the process; none where the current span is not recorded."""
    if not recording():
        yield
        return
    with span(name, SpanKind.CLIENT) as waited:
        waited.set_attribute(PEER, peer)
        if statement is not None:
            waited.set_attribute(STATEMENT, statement[:_LONGEST_STATEMENT])
        yield


def request_span(method: str) -> Span:
    """The span of a request to a service: made the current one until the request's own context ends."""
    opened = _tracer.start_span(method, kind=SpanKind.SERVER, attributes={METHOD: method}, record_exception=False)
    context.attach(trace.set_span_in_context(opened))
    return opened


def annotate(**annotations: str) -> None:
    """Adds what the current trace can be found by."""
    current = trace.get_current_span()
    for name, value in annotations.items():
        current.set_attribute(name, value)


def failed(failing: Span, error: BaseException) -> None:
    failing.set_attribute("error.type", type(error).__name__)
    failing.set_status(Status(StatusCode.ERROR))
