from __future__ import annotations

from datetime import datetime

from commerce.fraud import DAY, HOUR, Pace
from commerce.orders import Order


class MemoryOrderPace:
    """`commerce.ports.OrderPace` in this process."""

    def __init__(self) -> None:
        self._orders: dict[str, dict[str, datetime]] = {}
        self._cards: dict[str, dict[str, datetime]] = {}

    async def count(self, order: Order) -> Pace:
        now = order.accepted_at
        orders = self._orders.setdefault(order.buyer_id, {})
        cards = self._cards.setdefault(order.buyer_id, {})
        orders.setdefault(order.order_id, now)
        cards[order.payment_method] = max(now, cards.get(order.payment_method, now))
        return Pace(
            orders_last_hour=sum(now - HOUR <= at <= now for at in orders.values()),
            orders_last_day=sum(now - DAY <= at <= now for at in orders.values()),
            cards_last_day=sum(now - DAY <= at for at in cards.values()),
        )
