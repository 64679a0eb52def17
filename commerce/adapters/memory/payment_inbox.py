"""`commerce.ports.PaymentInbox` in memory."""

from __future__ import annotations

from datetime import UTC, datetime

from commerce import transitions
from commerce.adapters.memory.chargebacks import dispute_moved
from commerce.adapters.memory.market import MemoryMarket
from commerce.adapters.memory.orders import change_order
from commerce.adapters.memory.refund_news import refund_failed, refund_made
from commerce.payment_news import (
    WAITING,
    AccountChanged,
    ChargeNews,
    DisputeMoved,
    Notice,
    PaymentMoved,
    RefundFailed,
    RefundMade,
)
from commerce.seller_accounts import is_news


class MemoryPaymentInbox:
    def __init__(self, market: MemoryMarket, *, commission_returned: bool = True) -> None:
        self._market = market
        self._commission_returned = commission_returned

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
            case RefundFailed() as failed:
                refund_failed(self._market, failed)
            case RefundMade() | DisputeMoved() as news:
                if not self._apply(news):
                    self._market.waiting_news[notice.event_id] = news, datetime.now(UTC)
            case AccountChanged() as changed:
                known = self._market.accounts.get(changed.state.account_id)
                if is_news(known, changed.state):
                    self._market.accounts[changed.state.account_id] = changed.state
        self._market.payment_events.add(notice.event_id)
        return True

    async def take_waiting(self, now: datetime, limit: int = 100) -> int:
        waiting = self._market.waiting_news
        for event_id, (_, came_at) in tuple(waiting.items()):
            if came_at < now - WAITING:
                del waiting[event_id]
        known = [
            event_id for event_id, (news, _) in waiting.items() if self._market.paid_order(news.charge_id) is not None
        ][:limit]
        for event_id in known:
            self._apply(waiting.pop(event_id)[0])
        return len(known)

    def _apply(self, news: ChargeNews) -> bool:
        if isinstance(news, RefundMade):
            return refund_made(self._market, news, commission_returned=self._commission_returned)
        return dispute_moved(self._market, news, commission_returned=self._commission_returned)
