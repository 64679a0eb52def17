"""Chargebacks in memory."""

from __future__ import annotations

from commerce.adapters.memory.market import MemoryMarket
from commerce.adapters.memory.refund_news import give_back
from commerce.chargebacks import CLOSED, LOST, hold_of, is_news, lifted_hold_of
from commerce.ledger import FEES, PROCESSOR, transaction
from commerce.money import Money
from commerce.payment_news import DisputeMoved


def dispute_moved(market: MemoryMarket, news: DisputeMoved, *, commission_returned: bool) -> None:
    """Holds the shares of a disputed charge until the bank has decided; a lost one is taken from its sellers."""
    order = next((one for one in market.orders.values() if one.charge_id == news.charge_id), None)
    if order is None or not is_news(market.chargebacks.get(news.dispute_id), news.status):
        return
    market.chargebacks[news.dispute_id] = news.status
    if news.status not in CLOSED:
        for share in order.sellers:
            market.place_hold(hold_of(news, order.order_id, share.seller_id))
        return
    if news.status == LOST:
        give_back(
            market,
            order,
            news.amount,
            processor_id=news.dispute_id,
            reason="chargeback",
            commission_returned=commission_returned,
        )
        fee = Money(news.fee, news.amount.currency)
        market.post(transaction(f"fee/{news.dispute_id}", order.order_id, [(PROCESSOR, -fee), (FEES, fee)]))
    for share in order.sellers:
        market.lift_hold(lifted_hold_of(news, order.order_id, share.seller_id))
