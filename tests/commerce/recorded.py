"""Spans that a test can read, recorded as a service records them."""

from __future__ import annotations

import pytest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from commerce.adapters import tracing
from commerce.adapters.recording import BoundedSampler, Pace


class Recorded:
    """What has ended since the recording began."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, changes: int = 100, reads: float = 1.0) -> None:
        self._kept = InMemorySpanExporter()
        provider = TracerProvider(
            BoundedSampler(Pace(changes, 0.0), reads), Resource({tracing.SERVICE: "checkout", "stack": "shop-dev"})
        )
        provider.add_span_processor(SimpleSpanProcessor(self._kept))
        monkeypatch.setattr(tracing, "_tracer", provider.get_tracer("marketplace"))

    @property
    def spans(self) -> dict[str, ReadableSpan]:
        return {span.name: span for span in self._kept.get_finished_spans()}
