"""What the payment processor tells of refunds, in memory."""

from __future__ import annotations

from datetime import UTC, datetime

from commerce.adapters.memory.market import MemoryMarket
from commerce.adapters.memory.refunds import book, pay, refunds_of, set_state, share_of
from commerce.ledger import PROCESSOR, reversed_transaction
from commerce.money import Money
from commerce.orders import Order
from commerce.payment_news import RefundFailed, RefundMade
from commerce.refunds import Failed, Refund, fail, given, ledger_id, lost, lost_id, parts_of


def refund_made(market: MemoryMarket, news: RefundMade, *, commission_returned: bool) -> bool:
    """Ours is paid. One that was made at the processor itself is booked, once, on the sellers of the charge. False when
    the charge is not known yet."""
    if news.refund_id is not None:
        pay(market, news.refund_id, news.processor_refund_id)
        return True
    order = market.paid_order(news.charge_id)
    if order is None:
        return False
    known = any(one.processor_refund_id == news.processor_refund_id for one in market.refunds.values())
    if known or news.processor_refund_id in market.failed_refunds:
        return True
    give_back(
        market,
        order,
        news.amount,
        processor_id=news.processor_refund_id,
        reason="made at the payment processor",
        commission_returned=commission_returned,
    )
    return True


def give_back(
    market: MemoryMarket,
    order: Order,
    amount: Money,
    *,
    processor_id: str,
    reason: str,
    commission_returned: bool,
    source: str = PROCESSOR,
) -> None:
    """Book what the processor has taken from the platform for a charge on its sellers, the rest as the platform's."""
    shares = sorted(order.sellers, key=lambda one: one.seller_id)
    lefts = [
        share.gross - Money(given(refunds_of(market, order.order_id, share.seller_id)).refunded, share.gross.currency)
        for share in shares
    ]
    parts, rest = parts_of(amount, lefts)
    for share, part in zip(shares, parts, strict=True):
        if part.amount:
            refund_id = f"{processor_id}/{share.seller_id}"
            book(
                market,
                order.order_id,
                share.seller_id,
                part,
                refund_id=refund_id,
                reason=reason,
                commission_returned=commission_returned,
                source=source,
            )
            pay(market, refund_id, processor_id)
    if rest.amount:
        market.post(lost(processor_id, order.order_id, rest, source))


def take_back(market: MemoryMarket, order: Order, processor_id: str) -> None:
    """The money of `give_back` came back to the platform: so does what its sellers and the platform bore."""
    for refund in [one for one in market.refunds.values() if one.processor_refund_id == processor_id]:
        _undo(market, refund, processor_id, "the chargeback was won after all")
    if (rest := market.ledger.get(lost_id(processor_id))) is not None:
        market.post(reversed_transaction(rest))


def refund_failed(market: MemoryMarket, news: RefundFailed) -> None:
    """The money of a refund came back: the ledger takes it back, and the share waits until the buyer is paid."""
    known = [
        one
        for one in market.refunds.values()
        if one.refund_id == news.refund_id or one.processor_refund_id == news.processor_refund_id
    ]
    if not known and news.refund_id is None:
        market.failed_refunds.setdefault(news.processor_refund_id, news.reason)
    for refund in known:
        if (failed := _undo(market, refund, news.processor_refund_id, news.reason)) is not None:
            market.place_hold(failed.hold)


def _undo(market: MemoryMarket, refund: Refund, processor_id: str, reason: str) -> Failed | None:
    share = share_of(market, refund.order_id, refund.seller_id)
    failed = fail(
        refund,
        share,
        processor_refund_id=processor_id,
        posted=market.ledger[ledger_id(refund)],
        payout=market.payouts.get((refund.order_id, refund.seller_id)),
        reason=reason,
        now=datetime.now(UTC),
    )
    if failed is not None:
        market.refunds[refund.refund_id] = failed.refund
        set_state(market, refund.order_id, share, failed.share_state)
        market.post(failed.posts)
    return failed
