"""`commerce.ports.Refunds` in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from commerce.adapters.memory.market import MemoryMarket
from commerce.ledger import LOSSES, PROCESSOR, held, reversal_transaction
from commerce.money import Money
from commerce.orders import OrderNotFound, SellerOrder, SellerOrderState
from commerce.refunds import Refund, RefundConflict, RefundState, again, given, lifted_by, made, refused, request


class MemoryRefunds:
    def __init__(self, market: MemoryMarket, *, commission_returned: bool) -> None:
        self._market = market
        self._commission_returned = commission_returned

    async def request(self, order_id: str, seller_id: str, amount: Money, refund_id: str, reason: str) -> bool:
        policy = self._commission_returned
        booked = book(
            self._market, order_id, seller_id, amount, refund_id=refund_id, reason=reason, commission_returned=policy
        )
        return booked is not None

    async def due(self, now: datetime, limit: int = 100) -> tuple[Refund, ...]:
        waiting = (self._seen(one) for one in self._market.refunds.values() if self._due_at(one) <= now)
        due = (
            one
            for one in waiting
            if one.state is RefundState.REQUESTED
            or (one.state is RefundState.PAID and one.reversal.amount and one.transfer_id is not None)
        )
        return tuple(sorted(due, key=lambda one: (self._due_at(one), one.refund_id))[:limit])

    async def record_paid(self, refund_id: str, processor_refund_id: str) -> None:
        pay(self._market, refund_id, processor_refund_id)

    async def record_reversed(self, refund_id: str, reversal_id: str) -> None:
        refund = self._market.refunds.get(refund_id)
        if refund is None or refund.reversal_id or refund.state not in (RefundState.PAID, RefundState.FAILED):
            return
        if refund.live:
            after = replace(refund, reversal_id=reversal_id, state=RefundState.SETTLED)
        else:
            after = replace(refund, reversal_id=reversal_id, credited=refund.credited + refund.reversal.amount)
        self._market.refunds[refund_id] = after
        self._market.post(reversal_transaction(refund.order_id, refund.seller_id, refund_id, refund.reversal))

    async def record_refusal(self, refund_id: str, now: datetime) -> None:
        refund = self._market.refunds[refund_id]
        if refund.state not in (RefundState.REQUESTED, RefundState.PAID):
            return
        answer = refused(refund, -self._market.owed(LOSSES, refund.amount.currency, refund.order_id), now)
        self._market.refunds[refund_id] = answer.refund
        if answer.posts is not None:
            self._market.post(answer.posts)
        self._market.refunds_due[refund_id] = answer.due_at

    def _due_at(self, refund: Refund) -> datetime:
        return self._market.refunds_due.get(refund.refund_id, refund.requested_at)

    def _seen(self, refund: Refund) -> Refund:
        order = self._market.order(refund.order_id)
        transfer = share_of(self._market, refund.order_id, refund.seller_id).transfer_id
        return replace(refund, payment_intent_id=order.payment_intent_id, transfer_id=transfer)


def book(
    market: MemoryMarket,
    order_id: str,
    seller_id: str,
    amount: Money,
    *,
    refund_id: str,
    reason: str,
    commission_returned: bool,
    source: str = PROCESSOR,
) -> Refund | None:
    """Check and book a refund; None when it was booked before and has not failed."""
    share = share_of(market, order_id, seller_id)
    number = 1
    while (known := market.refunds.get(again(refund_id, number))) is not None:
        if (known.order_id, known.seller_id, known.amount) != (order_id, seller_id, amount):
            raise RefundConflict(refund_id)
        if known.live:
            return None
        number += 1
    requested = request(
        order_id,
        share,
        refund_id=again(refund_id, number),
        amount=amount,
        reason=reason,
        given=given(refunds_of(market, order_id, seller_id)),
        still_held=market.owed(held(seller_id), share.gross.currency, order_id),
        payout=market.payouts.get((order_id, seller_id)),
        commission_returned=commission_returned,
        now=datetime.now(UTC),
        source=source,
    )
    refund = requested.refund
    market.refunds[refund.refund_id] = refund
    set_state(market, order_id, share, requested.share_state)
    market.lift_hold(lifted_by(refund))
    market.post(requested.posts)
    return refund


def pay(market: MemoryMarket, refund_id: str, processor_refund_id: str) -> None:
    """The processor has made a refund: told once."""
    refund = market.refunds.get(refund_id)
    if refund is not None and refund.state is RefundState.REQUESTED:
        state = RefundState.PAID if refund.reversal.amount else RefundState.SETTLED
        paid = replace(refund, state=state, processor_refund_id=processor_refund_id, attempts=0)
        market.refunds[refund_id] = paid
        market.refunds_due.pop(refund_id, None)
        market.record(made(paid))


def refunds_of(market: MemoryMarket, order_id: str, seller_id: str) -> list[Refund]:
    return [one for one in market.refunds.values() if (one.order_id, one.seller_id) == (order_id, seller_id)]


def share_of(market: MemoryMarket, order_id: str, seller_id: str) -> SellerOrder:
    """Raises OrderNotFound."""
    for share in market.order(order_id).sellers:
        if share.seller_id == seller_id:
            return share
    raise OrderNotFound(order_id)


def set_state(market: MemoryMarket, order_id: str, share: SellerOrder, state: SellerOrderState) -> None:
    if state is not share.state:
        market.replace_share(order_id, replace(share, state=state))
