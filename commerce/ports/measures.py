from __future__ import annotations

from typing import Protocol

from commerce.measures import Measure


class Measures(Protocol):
    """Where figures of the business go."""

    def add(self, measure: Measure, value: int) -> None: ...
