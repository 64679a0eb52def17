"""`commerce.ports.Statements` in memory."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from commerce.adapters.memory.market import MemoryMarket
from commerce.ledger import held, payable
from commerce.orders import SellerOrderState
from commerce.payouts import PayoutState, may_release, transfer_of
from commerce.statements import MAXIMUM_ENTRIES, Balance, Statement, StatementEntry, check_period, draw_up


class MemoryStatements:
    def __init__(self, market: MemoryMarket) -> None:
        self._market = market

    async def balance(self, seller_id: str, now: datetime) -> tuple[Balance, ...]:
        return tuple(
            self._in(seller_id, currency, now)
            for currency in sorted({one.amount.currency for one in self._entries(seller_id)})
        )

    async def statement(self, seller_id: str, start: datetime, end: datetime) -> Statement:
        check_period(start, end)
        opening: Counter[tuple[str, str]] = Counter()
        within = []
        for one in self._entries(seller_id):
            if one.posted_at < start:
                opening[one.account, one.amount.currency] += one.amount.amount
            elif one.posted_at < end:
                within.append(one)
        within.sort(key=lambda one: (one.posted_at, one.transaction_id, one.account, one.amount.currency))
        return draw_up(seller_id, start, end, opening, within[: MAXIMUM_ENTRIES + 1])

    def _in(self, seller_id: str, currency: str, now: datetime) -> Balance:
        market, kept, due = self._market, held(seller_id), payable(seller_id)
        releasable = stopped = 0
        for order, share in market.shares():
            if share.seller_id != seller_id or order.total.currency != currency:
                continue
            on_hold = market.on_hold(order.order_id, seller_id)
            in_held = market.owed(kept, currency, order.order_id).amount
            if may_release(share, now, on_hold=on_hold):
                releasable += in_held
            waits = share.state in (SellerOrderState.HELD, SellerOrderState.RELEASED) and share.transfer_id is None
            if waits and on_hold:
                stopped += in_held + market.owed(due, currency, order.order_id).amount
        on_the_way = sum(
            payout.amount.amount
            for payout in market.payouts.values()
            if (payout.seller_id, payout.state, payout.amount.currency) == (seller_id, PayoutState.CLAIMED, currency)
        )
        balance = market.owed(due, currency).amount
        return Balance(
            currency=currency,
            held=market.owed(kept, currency).amount,
            releasable=releasable,
            payable=max(0, balance),
            on_the_way=on_the_way,
            owed=max(0, -balance),
            stopped=stopped,
        )

    def _entries(self, seller_id: str) -> list[StatementEntry]:
        market = self._market
        found = []
        for transaction in market.ledger.values():
            payout = market.payouts.get((transaction.order_id, seller_id))
            found += [
                StatementEntry(
                    transaction_id=transaction.transaction_id,
                    order_id=transaction.order_id,
                    posted_at=market.posted[transaction.transaction_id],
                    account=entry.account,
                    amount=-entry.amount,
                    transfer_id=transfer_of(payout, transaction.transaction_id) if payout else None,
                )
                for entry in transaction.entries
                if entry.account in (held(seller_id), payable(seller_id))
            ]
        return found
