"""`commerce.ports.Reviews` in memory."""

from __future__ import annotations

from commerce.adapters.memory.market import MemoryMarket
from commerce.adapters.memory.orders import change_order
from commerce.audit import entry_id_of
from commerce.cases import Actor
from commerce.fraud import Decision, Verdict
from commerce.orders import OrderNotFound, WaitsFor
from commerce.reviews import Review, ReviewPage, give_verdict


class MemoryReviews:
    def __init__(self, market: MemoryMarket) -> None:
        self._market = market

    async def queue(self, limit: int, cursor: str | None = None) -> ReviewPage:
        after = entry_id_of(cursor) or 0
        waiting = [
            (number, order_id)
            for number, (order_id, assessment) in enumerate(self._market.assessments.items(), start=1)
            if number > after
            and assessment.outcome is Decision.REVIEW
            and self._market.orders[order_id].waits_for is WaitsFor.REVIEW
        ]
        shown = waiting[:limit]
        return ReviewPage(
            items=tuple(self._review(order_id) for _, order_id in shown),
            next_cursor=str(shown[-1][0]) if len(waiting) > limit else None,
        )

    async def get(self, order_id: str) -> Review:
        return self._review(order_id)

    async def give_verdict(self, order_id: str, actor: Actor, verdict: Verdict) -> Review:
        review = self._review(order_id)
        change = give_verdict(review.order, review.assessment, actor, verdict)
        if change is None:
            return review
        change_order(self._market, order_id, lambda _: change.transition)
        self._market.assessments[order_id] = change.assessment
        self._market.audit.append(change.audit)
        return self._review(order_id)

    def _review(self, order_id: str) -> Review:
        if order_id not in self._market.assessments:
            raise OrderNotFound(order_id)
        return Review(
            order=self._market.orders[order_id],
            assessment=self._market.assessments[order_id],
            assessed_at=self._market.assessed_at[order_id],
        )
