"""`commerce.ports.PaymentInbox` in memory."""

from __future__ import annotations

from commerce import transitions
from commerce.adapters.memory.market import MemoryMarket
from commerce.adapters.memory.orders import change_order
from commerce.payment_news import Notice, PaymentMoved


class MemoryPaymentInbox:
    def __init__(self, market: MemoryMarket) -> None:
        self._market = market

    async def take(self, notice: Notice) -> bool:
        if notice.event_id in self._market.payment_events:
            return False
        match notice.news:
            case PaymentMoved() as payment if payment.order_id in self._market.orders:
                change_order(
                    self._market,
                    payment.order_id,
                    lambda order: transitions.payment_moved(order, payment.payment_intent_id),
                )
        self._market.payment_events.add(notice.event_id)
        return True
