"""`commerce.ports.PaymentInbox` in memory."""

from __future__ import annotations

from commerce import transitions
from commerce.adapters.memory.chargebacks import dispute_moved
from commerce.adapters.memory.market import MemoryMarket
from commerce.adapters.memory.orders import change_order
from commerce.adapters.memory.refund_news import refund_failed, refund_made
from commerce.payment_news import AccountChanged, DisputeMoved, Notice, PaymentMoved, RefundFailed, RefundMade
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
            case RefundMade() as made:
                refund_made(self._market, made, commission_returned=self._commission_returned)
            case RefundFailed() as failed:
                refund_failed(self._market, failed)
            case DisputeMoved() as dispute:
                dispute_moved(self._market, dispute, commission_returned=self._commission_returned)
            case AccountChanged() as changed:
                known = self._market.accounts.get(changed.state.account_id)
                if is_news(known, changed.state):
                    self._market.accounts[changed.state.account_id] = changed.state
        self._market.payment_events.add(notice.event_id)
        return True
