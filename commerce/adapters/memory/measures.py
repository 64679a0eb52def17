"""`commerce.ports.measures.Measures` in memory."""

from __future__ import annotations

from collections import Counter

from commerce.measures import Measure


class MemoryMeasures:
    def __init__(self) -> None:
        self.sums: Counter[Measure] = Counter()

    def add(self, measure: Measure, value: int) -> None:
        self.sums[measure] += value
