"""Records the spans of a process: which of them, and where they go. It loads OpenTelemetry's SDK."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from typing import Final

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult
from opentelemetry.trace import Link, SpanKind, TraceState
from opentelemetry.util.types import Attributes

from commerce.adapters.tracing import METHOD, SERVICE

BURST: Final = 20
PER_SECOND: Final = 1.0
"""Requests that change something: a process keeps the traces of so many at once, and of so many a second after."""
READS: Final = 0.01
"""The share of the other requests whose traces are kept."""
_READ_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_LIMITS: Final = SpanLimits(max_span_attributes=32, max_attribute_length=512)


class Pace:
    """Lets `burst` pass at once, and `per_second` after."""

    def __init__(self, burst: int = BURST, per_second: float = PER_SECOND) -> None:
        self._most, self._per_second = float(burst), per_second
        self._left, self._seen = float(burst), time.monotonic()

    def passes(self) -> bool:
        now = time.monotonic()
        self._left = min(self._most, self._left + (now - self._seen) * self._per_second)
        self._seen = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class BoundedSampler(Sampler):
    """Decides at the service that a request reaches first, whatever the caller asked for; all that follows keeps to it.

    What begins without a request, such as looking for work each second, is not recorded.
    """

    def __init__(self, changes: Pace | None = None, reads: float = READS) -> None:
        self._changes = changes or Pace()
        self._reads = reads

    def should_sample(  # noqa: PLR0917 - OpenTelemetry calls it so
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        if self._keeps(parent_context, kind, attributes):
            return SamplingResult(Decision.RECORD_AND_SAMPLE, attributes)
        return SamplingResult(Decision.DROP)

    def _keeps(self, parent_context: Context | None, kind: SpanKind | None, attributes: Attributes) -> bool:
        if kind is not SpanKind.SERVER:
            return trace.get_current_span(parent_context).get_span_context().trace_flags.sampled
        if (attributes or {}).get(METHOD) in _READ_METHODS:
            return random.random() < self._reads  # noqa: S311
        return self._changes.passes()

    def get_description(self) -> str:
        return f"{PER_SECOND} changes a second, {self._reads} of reads"


def record_in_background(service: str, exporter: SpanExporter, **annotations: str) -> Callable[[], None]:
    """Hands spans on every few seconds, in a thread. Returns what hands on the last of them: call it at the end."""
    return _record(service, BatchSpanProcessor(exporter), annotations)


def record_at_once(service: str, exporter: SpanExporter, **annotations: str) -> Callable[[], None]:
    """Hands on each span when it ends: for a process that is stopped between two events."""
    return _record(service, SimpleSpanProcessor(exporter), annotations)


def _record(
    service: str, processor: BatchSpanProcessor | SimpleSpanProcessor, annotations: dict[str, str]
) -> Callable[[], None]:
    resource = Resource({SERVICE: service, **annotations})
    provider = TracerProvider(BoundedSampler(), resource, shutdown_on_exit=False, span_limits=_LIMITS)
    provider.add_span_processor(processor)
    trace.set_tracer_provider(provider)
    return provider.shutdown
