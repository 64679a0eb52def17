"""Chargebacks in memory."""

from __future__ import annotations

from commerce.adapters.memory.market import MemoryMarket
from commerce.adapters.memory.refund_news import give_back, take_back
from commerce.chargebacks import Outcome, hold_of, lifted_hold_of, move
from commerce.ledger import DISPUTED
from commerce.payment_news import DisputeMoved


def dispute_moved(market: MemoryMarket, news: DisputeMoved, *, commission_returned: bool) -> bool:
    """Holds the shares of a disputed charge until the bank has decided; a lost one is taken from its sellers. False
    when the charge is not known yet."""
    order = market.paid_order(news.charge_id)
    if order is None:
        return False
    moved = move(market.chargebacks.get(news.dispute_id), news, order.order_id)
    if moved is None:
        return True
    market.chargebacks[news.dispute_id] = moved.chargeback
    market.post(moved.posts)
    if moved.outcome is Outcome.TAKE:
        give_back(
            market,
            order,
            news.amount,
            processor_id=news.dispute_id,
            reason="chargeback",
            commission_returned=commission_returned,
            source=DISPUTED,
        )
    if moved.outcome is Outcome.RETURN:
        take_back(market, order, news.dispute_id)
    for share in order.sellers:
        if moved.outcome is Outcome.WAIT:
            market.place_hold(hold_of(news, order.order_id, share.seller_id))
        elif moved.outcome is not Outcome.SAME:
            market.lift_hold(lifted_hold_of(news, order.order_id, share.seller_id))
    return True
