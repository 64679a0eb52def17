"""X-Ray: keeps the latest traces only, so that a stack which runs for days does not grow."""

from __future__ import annotations

from typing import Any

from moto.xray.models import SegmentCollection

MOST_TRACES = 500


def keep_the_latest() -> None:
    """Forgets the oldest trace where there are too many."""
    put_segment = SegmentCollection.put_segment

    def put_and_forget(self: Any, segment: Any) -> None:
        put_segment(self, segment)
        while len(self._traces) > MOST_TRACES:
            self._traces.pop(next(iter(self._traces)))

    SegmentCollection.put_segment = put_and_forget
