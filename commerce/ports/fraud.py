from __future__ import annotations

from typing import Protocol

from commerce.fraud import Assessment, Features, History, Pace, Score
from commerce.orders import Order


class FraudScorer(Protocol):
    """The model, wherever it runs."""

    async def score(self, features: Features) -> Score:
        """Raises ScorerUnavailable when there is no answer in time, or none that is a score."""
        ...


class OrderPace(Protocol):
    """Counts a buyer's orders and cards. Counting an order again changes nothing."""

    async def count(self, order: Order) -> Pace: ...


class Assessments(Protocol):
    """What was decided about orders. The first assessment of an order stays."""

    async def history(self, order: Order) -> History:
        """What was known of the buyer before this order."""
        ...

    async def record(self, order_id: str, assessment: Assessment) -> Assessment:
        """Keep the assessment of an order, and return the one that is kept: an earlier one, if there is one. Raises
        OrderNotFound."""
        ...

    async def of(self, order_id: str) -> Assessment | None: ...
