"""Signals: the metrics of a component that mean something is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi


@dataclass(frozen=True, kw_only=True)
class Signal:
    """A CloudWatch metric and the threshold of its alarm."""

    name: str
    meaning: str
    """What has happened when the alarm fires, and where to look."""
    namespace: str
    metric: str
    dimensions: Mapping[str, pulumi.Input[str]]
    threshold: float | None
    """`None` makes a graph and no alarm."""
    statistic: str = "Sum"
    period_seconds: int = 60
    periods: int = 1
    lost: bool = False
    """What it tells of is gone for good when nobody looks."""
    region: str | None = None
    """Where the metric is, if not in the stack's region: CloudFront's are in one only."""


class Watched:
    """A component with signals."""

    signals: tuple[Signal, ...] = ()
