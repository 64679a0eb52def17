"""What follows from the decision of a case, in memory."""

from __future__ import annotations

from dataclasses import replace

from commerce.adapters.memory.market import MemoryMarket
from commerce.adapters.memory.refunds import book
from commerce.case_rules import must_release, refund_of
from commerce.cases import Case, Outcome
from commerce.ledger import held, release_transaction
from commerce.orders import SellerOrderState
from commerce.payouts import released


def carry_out(market: MemoryMarket, case: Case, *, commission_returned: bool) -> None:
    """Move the money that the decision of a case is about."""
    if (refunded := refund_of(case)) is not None:
        book(
            market,
            case.order_id,
            case.seller_id,
            refunded,
            refund_id=case.refund_id,
            reason=f"case: {case.reason}",
            commission_returned=commission_returned,
        )
    if case.decision is None or case.decision.outcome is not Outcome.RELEASE:
        return
    order = market.order(case.order_id)
    if must_release(order, case.seller_id):
        amount = market.owed(held(case.seller_id), order.total.currency, order.order_id)
        for share in order.sellers:
            if share.seller_id == case.seller_id:
                market.replace_share(order.order_id, replace(share, state=SellerOrderState.RELEASED))
        market.post(release_transaction(order.order_id, case.seller_id, amount))
        market.record(released(order.order_id, case.seller_id, amount))
