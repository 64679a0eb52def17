"""`commerce.ports.Sales` in memory."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from commerce import shipping
from commerce.adapters.memory.market import MemoryMarket
from commerce.orders import Order, OrderNotFound
from commerce.paging import cursor as cursor_of
from commerce.paging import position
from commerce.shipping import Sale, SalePage


class MemorySales:
    def __init__(self, market: MemoryMarket) -> None:
        self._market = market

    async def page(self, seller_id: str, limit: int, cursor: str | None = None) -> SalePage:
        after = position(cursor) if cursor else None
        own = [sale for order in self._market.orders.values() if (sale := self._sale(order, seller_id))]
        own.sort(key=lambda sale: (sale.placed_at, sale.order_id), reverse=True)
        left = [sale for sale in own if after is None or (sale.placed_at, sale.order_id) < after]
        items = tuple(left[:limit])
        more = len(left) > limit
        return SalePage(items=items, next_cursor=cursor_of((items[-1].placed_at, items[-1].order_id)) if more else None)

    async def get(self, seller_id: str, order_id: str) -> Sale:
        order = self._market.orders.get(order_id)
        sale = self._sale(order, seller_id) if order else None
        if sale is None:
            raise OrderNotFound(order_id)
        return sale

    async def ship(self, seller_id: str, order_id: str, *, carrier: str, tracking: str, now: datetime) -> Sale:
        return await self._change(seller_id, order_id, lambda sale: shipping.ship(sale, carrier, tracking, now))

    async def deliver(self, seller_id: str, order_id: str, *, now: datetime, return_window: timedelta) -> Sale:
        return await self._change(seller_id, order_id, lambda sale: shipping.deliver(sale, now, return_window))

    async def _change(self, seller_id: str, order_id: str, decide: Callable[[Sale], Sale | None]) -> Sale:
        sale = await self.get(seller_id, order_id)
        changed = decide(sale)
        if changed is None:
            return sale
        if changed.shipment is not None:
            self._market.shipments[order_id, seller_id] = changed.shipment
        self._market.replace_share(order_id, changed.share)
        if (told := shipping.news(sale, changed)) is not None:
            self._market.record(told)
        return changed

    def _sale(self, order: Order, seller_id: str) -> Sale | None:
        own = [share for share in order.sellers if share.seller_id == seller_id]
        if not own:
            return None
        return Sale(
            order_id=order.order_id,
            status=order.status,
            placed_at=order.accepted_at,
            share=own[0],
            lines=tuple(line for line in order.lines if line.seller_id == seller_id),
            shipment=self._market.shipments.get((order.order_id, seller_id)),
            on_hold=self._market.on_hold(order.order_id, seller_id),
        )
