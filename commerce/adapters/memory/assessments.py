"""`commerce.ports.Assessments` in memory."""

from __future__ import annotations

from datetime import UTC, datetime

from commerce.adapters.memory.market import MemoryMarket
from commerce.fraud import FAILURES_WINDOW, Assessment, History
from commerce.orders import Order, OrderStatus


class MemoryAssessments:
    def __init__(self, market: MemoryMarket) -> None:
        self._market = market

    async def history(self, order: Order) -> History:
        earlier = [
            one
            for one in self._market.orders.values()
            if one.buyer_id == order.buyer_id
            and one.order_id != order.order_id
            and one.accepted_at <= order.accepted_at
        ]
        since = order.accepted_at - FAILURES_WINDOW
        return History(
            first_order_at=min(
                (one.accepted_at for one in earlier if one.accepted_at < order.accepted_at), default=None
            ),
            paid_orders=sum(one.status in (OrderStatus.CAPTURED, OrderStatus.FULFILLED) for one in earlier),
            failed_orders=sum(one.status is OrderStatus.FAILED and one.accepted_at > since for one in earlier),
        )

    async def record(self, order_id: str, assessment: Assessment) -> Assessment:
        self._market.order(order_id)
        self._market.assessed_at.setdefault(order_id, datetime.now(UTC))
        return self._market.assessments.setdefault(order_id, assessment)

    async def of(self, order_id: str) -> Assessment | None:
        return self._market.assessments.get(order_id)
