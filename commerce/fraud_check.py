"""Assessing an order: gather what is known, ask the scorer, fall back to the rules, keep the decision."""

from __future__ import annotations

import logging

from commerce.fraud import Assessment, Decision, Features, ScorerUnavailable, Thresholds, by_model, by_rules, features
from commerce.measures import Measure
from commerce.orders import Order
from commerce.ports.fraud import Assessments, FraudScorer, OrderPace
from commerce.ports.measures import Measures

_log = logging.getLogger(__name__)


class FraudCheck:
    """Assesses each order once, whatever happens in between: what was decided stays decided."""

    def __init__(
        self,
        *,
        scorer: FraudScorer,
        pace: OrderPace,
        assessments: Assessments,
        thresholds: Thresholds,
        measures: Measures,
    ) -> None:
        self._scorer = scorer
        self._pace = pace
        self._assessments = assessments
        self._thresholds = thresholds
        self._measures = measures

    async def assess(self, order: Order) -> Assessment:
        """The order's assessment: the one that was made before, else a new one."""
        known = await self._assessments.of(order.order_id)
        if known is not None:
            return known
        seen = features(order, await self._assessments.history(order), await self._pace.count(order))
        assessment = await self._decide(order, seen)
        return await self._assessments.record(order.order_id, assessment)

    async def cleared(self, order_id: str) -> bool:
        """Whether the order was allowed to go on: only then has its payment been asked for."""
        known = await self._assessments.of(order_id)
        return known is not None and known.outcome is Decision.ALLOW

    async def _decide(self, order: Order, seen: Features) -> Assessment:
        try:
            scored = by_model(seen, await self._scorer.score(seen), self._thresholds)
            self._measures.add(Measure.FRAUD_BY_MODEL, 1)
            return scored
        except ScorerUnavailable as unavailable:
            self._measures.add(Measure.FRAUD_BY_RULES, 1)
            _log.warning("rules decide", extra={"order_id": order.order_id, "error": unavailable.detail})
            return by_rules(seen)
