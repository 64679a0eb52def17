"""Traces of X-Ray, found by the order that they are about."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from typing import Any

Segment = dict[str, Any]
AGE_SECONDS = 7 * 86_400
_ADMINISTRATOR = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}


def xray(port: int, region: str) -> Any:
    """A client of the X-Ray that is emulated on a port of this machine."""
    import boto3

    make: Any = boto3.client
    return make("xray", endpoint_url=f"http://127.0.0.1:{port}", region_name=region, **_ADMINISTRATOR)


def segments_of(client: Any, order_id: str) -> list[Segment]:
    """The segments of the trace in which the order was accepted, from the earliest on; none for an unknown order."""
    now = int(time.time())
    found = client.get_trace_summaries(StartTime=now - AGE_SECONDS, EndTime=now + 60)["TraceSummaries"]
    for summary in reversed(found):
        [read] = client.batch_get_traces(TraceIds=[summary["Id"]])["Traces"]
        segments = [json.loads(one["Document"]) for one in read["Segments"]]
        if any(one.get("annotations", {}).get("order_id") == order_id for one in segments):
            return sorted(segments, key=lambda one: (one["start_time"], -one["end_time"]))
    return []


def tree(segments: Sequence[Segment]) -> Iterator[str]:
    """A line for each segment, below the one that caused it: milliseconds since the start, its own, and what it did."""
    ids = {one["id"] for one in segments}
    below: dict[str | None, list[Segment]] = {}
    for one in segments:
        parent = one.get("parent_id")
        below.setdefault(parent if parent in ids else None, []).append(one)
    start = segments[0]["start_time"]

    def lines(parent: str | None, depth: int) -> Iterator[str]:
        for one in below.get(parent, ()):
            since, took = one["start_time"] - start, one["end_time"] - one["start_time"]
            found_by = one.get("annotations", {})
            done = found_by.get("step") or found_by.get("operation", "")
            mark = " FAILED" if one.get("fault") else ""
            yield f"{since * 1e3:>8.0f} {took * 1e3:>8.1f} ms  {'  ' * depth}{one['name']}  {done}{mark}"
            yield from lines(one["id"], depth + 1)

    yield from lines(None, 0)
