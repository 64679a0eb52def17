"""`commerce.ports.Payouts` in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from commerce.adapters.memory.market import MemoryMarket
from commerce.ledger import release_transaction, transfer_transaction
from commerce.orders import OrderNotFound, SellerOrder, SellerOrderState
from commerce.payouts import DueShare, due_share, may_release, must_record_transfer


class MemoryPayouts:
    def __init__(self, market: MemoryMarket) -> None:
        self._market = market

    async def release_due(self, now: datetime, limit: int = 100) -> int:
        due = [(order_id, share) for order_id, share in self._shares() if may_release(share, now)][:limit]
        for order_id, share in due:
            self._replace(order_id, replace(share, state=SellerOrderState.RELEASED))
            self._market.post(release_transaction(order_id, share))
        return len(due)

    async def due_transfers(self, limit: int = 100) -> tuple[DueShare, ...]:
        shares = (
            due_share(self._market.orders[order_id], share, self._market.sellers[share.seller_id].account_id)
            for order_id, share in self._shares()
        )
        return tuple(share for share in shares if share is not None)[:limit]

    async def record_transfer(self, order_id: str, seller_id: str, transfer_id: str) -> None:
        for share in self._market.order(order_id).sellers:
            if share.seller_id == seller_id:
                if must_record_transfer(order_id, share, transfer_id):
                    self._replace(order_id, replace(share, transfer_id=transfer_id))
                    self._market.post(transfer_transaction(order_id, share))
                return
        raise OrderNotFound(order_id)

    def _shares(self) -> list[tuple[str, SellerOrder]]:
        """Every share, the one whose return window closes first in front."""
        shares = [(order.order_id, share) for order in self._market.orders.values() for share in order.sellers]
        return sorted(shares, key=lambda s: (str(s[1].held_until), s[0], s[1].seller_id))

    def _replace(self, order_id: str, changed: SellerOrder) -> None:
        order = self._market.orders[order_id]
        shares = tuple(changed if share.seller_id == changed.seller_id else share for share in order.sellers)
        self._market.orders[order_id] = replace(order, sellers=shares)
