"""`commerce.ports.Payouts` in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from commerce.adapters.memory.market import MemoryMarket
from commerce.ledger import held, payable, release_transaction, transfer_transaction
from commerce.money import Money, total
from commerce.orders import Order, OrderNotFound, SellerOrder, SellerOrderState
from commerce.paging import cursor as cursor_of
from commerce.paging import position
from commerce.payouts import (
    LEASE,
    LOOK_AGAIN_AFTER,
    RETRY_REFUSED_AFTER,
    PaidShare,
    Payout,
    PayoutPage,
    PayoutState,
    may_pay,
    may_release,
    must_record_transfer,
    pay_again,
    released,
    sent,
    split_payout,
    was_paid,
)
from commerce.refunds import Refund, RefundState, unreversed


class MemoryPayouts:
    def __init__(self, market: MemoryMarket) -> None:
        self._market = market

    async def release_due(self, now: datetime, limit: int = 100) -> int:
        market = self._market
        due = [
            (order, share)
            for order, share in market.shares()
            if may_release(share, now, on_hold=market.on_hold(order.order_id, share.seller_id))
        ][:limit]
        for order, share in due:
            amount = market.owed(held(share.seller_id), order.total.currency, order.order_id)
            market.replace_share(order.order_id, replace(share, state=SellerOrderState.RELEASED))
            market.post(release_transaction(order.order_id, share.seller_id, amount))
            market.record(released(order.order_id, share.seller_id, amount))
        return len(due)

    async def held(self) -> int:
        shares = (share for _, share in self._market.shares() if share.state is SellerOrderState.HELD)
        return sum(share.gross.amount - share.commission.amount for share in shares)

    async def claim(self, now: datetime, limit: int = 100) -> tuple[Payout, ...]:
        late = [
            key
            for key, payout in self._market.payouts.items()
            if payout.state is PayoutState.CLAIMED and self._market.payouts_due[key] <= now
        ][:limit]
        claimed = [self._keep(self._market.payouts[key], now) for key in late]
        for order, share in self._payable(now)[: limit - len(claimed)]:
            payout = self._keep(self._of(order, share, now), now)
            if payout.state is PayoutState.CLAIMED:
                claimed.append(payout)
        for seller_id, currency in self._to_look_at(now, limit - len(claimed)):
            again = pay_again(self._paid_shares(seller_id, currency), now=now, **self._balances(seller_id, currency))
            claimed += [self._keep(payout, now) for payout in again]
        return tuple(claimed)

    async def record_transfer(self, order_id: str, seller_id: str, transfer_id: str) -> None:
        payout = self._one(order_id, seller_id)
        if must_record_transfer(payout, transfer_id):
            paid = replace(payout, state=PayoutState.SENT, transfer_id=transfer_id, refusal=None)
            self._market.payouts[order_id, seller_id] = paid
            for share in self._market.orders[order_id].sellers:
                if share.seller_id == seller_id:
                    self._market.replace_share(order_id, replace(share, transfer_id=transfer_id))
            number = len(payout.earlier_transfers) + 1
            self._market.post(transfer_transaction(order_id, seller_id, payout.amount, number))
            self._market.record(sent(payout, transfer_id))

    async def record_refusal(self, order_id: str, seller_id: str, reason: str, now: datetime) -> None:
        payout = self._one(order_id, seller_id)
        if payout.state is PayoutState.CLAIMED:
            for refund in self._reversing(seller_id):
                if refund.order_id == order_id:
                    self._market.refunds[refund.refund_id] = unreversed(refund)
            refused = replace(payout, state=PayoutState.REFUSED, refusal=reason, attempt=payout.attempt + 1)
            self._market.payouts[order_id, seller_id] = refused
            self._market.payouts_due[order_id, seller_id] = now + RETRY_REFUSED_AFTER

    async def of_seller(self, seller_id: str, limit: int, cursor: str | None = None) -> PayoutPage:
        after = position(cursor) if cursor else None
        own = [payout for payout in self._market.payouts.values() if payout.seller_id == seller_id]
        own.sort(key=lambda payout: (payout.claimed_at, payout.order_id), reverse=True)
        left = [payout for payout in own if after is None or (payout.claimed_at, payout.order_id) < after]
        items = tuple(left[:limit])
        more = len(left) > limit
        return PayoutPage(
            items=items, next_cursor=cursor_of((items[-1].claimed_at, items[-1].order_id)) if more else None
        )

    def _payable(self, now: datetime) -> list[tuple[Order, SellerOrder]]:
        return [(order, share) for order, share in self._market.shares() if self._may_pay(order, share, now)]

    def _may_pay(self, order: Order, share: SellerOrder, now: datetime) -> bool:
        key = (order.order_id, share.seller_id)
        payout = self._market.payouts.get(key)
        if payout is not None and self._market.payouts_due[key] > now:
            return False
        account = self._market.accounts.get(self._market.sellers[share.seller_id].account_id or "")
        ready = account is not None and account.takes_transfers
        return may_pay(share, payout, on_hold=self._market.on_hold(*key), account_ready=ready)

    def _of(self, order: Order, share: SellerOrder, now: datetime) -> Payout:
        market, currency, account = self._market, order.total.currency, payable(share.seller_id)
        earlier = market.payouts.get((order.order_id, share.seller_id))
        amount, recovered = split_payout(
            market.owed(account, currency, order.order_id),
            **self._balances(share.seller_id, currency),
            reversing=total(
                (one.reversal for one in self._reversing(share.seller_id) if one.reversal.currency == currency),
                currency,
            ),
        )
        return Payout(
            order_id=order.order_id,
            seller_id=share.seller_id,
            account_id=market.sellers[share.seller_id].account_id or "",
            amount=amount,
            recovered=recovered,
            claimed_at=now,
            state=PayoutState.CLAIMED if amount.amount else PayoutState.SETTLED,
            attempt=earlier.attempt if earlier else 1,
            source_charge=order.charge_id,
            refusal=earlier.refusal if earlier else None,
        )

    def _balances(self, seller_id: str, currency: str) -> dict[str, Money]:
        """`balance`, `waiting` and `claimed` of `split_payout`."""
        market, account = self._market, payable(seller_id)
        claimed = (
            payout.amount
            for payout in market.payouts.values()
            if (payout.seller_id, payout.amount.currency, payout.state) == (seller_id, currency, PayoutState.CLAIMED)
        )
        return {
            "balance": market.owed(account, currency),
            "waiting": total((market.owed(account, currency, one) for one in self._waiting(seller_id)), currency),
            "claimed": total(claimed, currency),
        }

    def _to_look_at(self, now: datetime, limit: int) -> list[tuple[str, str]]:
        """The sellers, with the currency, whose refunds failed: only they can be owed anew."""
        market = self._market
        failed = [
            one
            for one in market.refunds.values()
            if not one.live and market.refunds_due.get(one.refund_id, one.requested_at) <= now
        ][:limit]
        for one in failed:
            market.refunds_due[one.refund_id] = now + LOOK_AGAIN_AFTER
        return sorted({(one.seller_id, one.amount.currency) for one in failed})

    def _paid_shares(self, seller_id: str, currency: str) -> list[PaidShare]:
        market, shares = self._market, []
        account = market.accounts.get(market.sellers[seller_id].account_id or "")
        reversing = {one.order_id for one in self._reversing(seller_id)}
        for (order_id, owner), payout in sorted(market.payouts.items()):
            due = market.owed(payable(seller_id), currency, order_id)
            if account is not None and owner == seller_id and was_paid(payout) and due.amount > 0:
                shares.append(
                    PaidShare(
                        payout=payout,
                        due=due,
                        account_id=account.account_id,
                        on_hold=market.on_hold(order_id, seller_id),
                        ready=account.takes_transfers and order_id not in reversing,
                    )
                )
        return shares

    def _waiting(self, seller_id: str) -> list[str]:
        """The orders whose share of the seller is released and not claimed."""
        return [
            order.order_id
            for order, share in self._market.shares()
            if share.seller_id == seller_id
            and may_pay(
                share,
                self._market.payouts.get((order.order_id, seller_id)),
                on_hold=False,
                account_ready=True,
            )
        ]

    def _reversing(self, seller_id: str) -> list[Refund]:
        """The refunds for which something is still to come back from the seller's account."""
        open_states = (RefundState.REQUESTED, RefundState.PAID)
        return [
            one
            for one in self._market.refunds.values()
            if one.seller_id == seller_id and one.state in open_states and one.reversal.amount
        ]

    def _keep(self, payout: Payout, now: datetime) -> Payout:
        key = (payout.order_id, payout.seller_id)
        self._market.payouts[key] = payout
        self._market.payouts_due[key] = now + LEASE
        return payout

    def _one(self, order_id: str, seller_id: str) -> Payout:
        if (order_id, seller_id) not in self._market.payouts:
            raise OrderNotFound(order_id)
        return self._market.payouts[order_id, seller_id]
