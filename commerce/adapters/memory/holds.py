"""`commerce.ports.Holds` in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from commerce.adapters.memory.market import MemoryMarket
from commerce.holds import Hold, HoldNotFound, ShareAlreadyPaid, by_hand
from commerce.orders import OrderNotFound
from commerce.payouts import PayoutState


class MemoryHolds:
    def __init__(self, market: MemoryMarket) -> None:
        self._market = market

    async def place(self, hold: Hold) -> Hold:
        if hold.order_id is not None:
            order = self._market.orders.get(hold.order_id)
            if order is None or hold.seller_id not in {share.seller_id for share in order.sellers}:
                raise OrderNotFound(hold.order_id)
            payout = self._market.payouts.get((hold.order_id, hold.seller_id))
            if payout is not None and payout.state is not PayoutState.REFUSED:
                raise ShareAlreadyPaid(hold.order_id, hold.seller_id)
        known = [one for one in self._market.holds if one.open and one.hold_id == hold.hold_id]
        if known:
            return known[0]
        self._market.holds.append(hold)
        self._market.note(by_hand(hold))
        return hold

    async def lift(self, seller_id: str, hold_id: str, *, by: str, reason: str, now: datetime) -> Hold:
        for number, hold in enumerate(self._market.holds):
            if hold.open and (hold.seller_id, hold.hold_id) == (seller_id, hold_id):
                lifted = replace(hold, lifted_by=by, lift_reason=reason, lifted_at=now)
                self._market.holds[number] = lifted
                self._market.note(by_hand(lifted))
                return lifted
        raise HoldNotFound(hold_id)

    async def of_seller(self, seller_id: str) -> tuple[Hold, ...]:
        own = [hold for hold in self._market.holds if hold.open and hold.seller_id == seller_id]
        return tuple(sorted(own, key=lambda hold: (hold.placed_at, hold.hold_id)))
