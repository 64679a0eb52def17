"""The store in memory and the one in PostgreSQL, filled alike, with orders in any state."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import asyncpg
from commerce_samples import MarketPorts, empty, forget_events, memory_market, postgres_market
from order_cases import SELLERS

from commerce.adapters.memory import MemoryMarket
from commerce.catalog import Offer, Seller
from commerce.orders import Order

_ORDER = """
INSERT INTO orders (order_id, buyer_id, status, currency, total, payment_method, payment_intent_id, charge_id, failure,
    accepted_at, dispatches, touched_at, waits_for, waits_until, stop_reason, resumes)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
"""
_LINE = """
INSERT INTO order_lines (order_id, offer_id, product_id, seller_id, title, quantity, unit_price, stock_state)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_SHARE = """
INSERT INTO seller_orders (order_id, seller_id, gross, commission, state, held_until, transfer_id)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""


class BothStores:
    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def open(self, shop: Mapping[str, Offer], accounts: Mapping[str, str | None] | None = None) -> None:
        """Empty both, and put the sellers and the offers of `shop` into them."""
        await empty(self._pool)
        self._memory = MemoryMarket()
        self.markets: tuple[MarketPorts, ...] = (memory_market(self._memory), postgres_market(self._pool))
        for market in self.markets:
            for seller_id, name in SELLERS.items():
                account_id = (accounts or {}).get(seller_id)
                await market.offers.put_seller(Seller(seller_id=seller_id, display_name=name, account_id=account_id))
            for offer in shop.values():
                await market.offers.put(offer)
            await forget_events(market.events)

    async def put(
        self,
        order: Order,
        *,
        dispatches: int = 1,
        resumes: int = 0,
        untouched: timedelta = timedelta(0),
        queued: bool = False,
    ) -> None:
        """Write an order just as it is."""
        touched_at = datetime.now(UTC) - untouched
        self._memory.orders[order.order_id] = order
        self._memory.touched[order.order_id] = touched_at
        self._memory.dispatches[order.order_id] = dispatches
        self._memory.resumes[order.order_id] = resumes
        payment = (order.payment_method, order.payment_intent_id, order.charge_id, order.failure)
        price = (order.total.currency, order.total.amount)
        times = (order.accepted_at, dispatches, touched_at)
        course = (order.waits_for, order.waits_until, order.stop_reason, resumes)
        await self._pool.execute(
            _ORDER, order.order_id, order.buyer_id, order.status, *price, *payment, *times, *course
        )
        for line in order.lines:
            bought = (line.offer_id, line.product_id, line.seller_id, line.title, line.quantity, line.unit_price.amount)
            await self._pool.execute(_LINE, order.order_id, *bought, order.stock)
        for share in order.sellers:
            amounts = (share.seller_id, share.gross.amount, share.commission.amount)
            await self._pool.execute(_SHARE, order.order_id, *amounts, share.state, share.held_until, share.transfer_id)
        if queued:
            self._memory.enqueue(order.order_id, dispatches)
            await self._pool.execute(
                "INSERT INTO outbox (order_id, attempt) VALUES ($1, $2)", order.order_id, dispatches
            )

    async def touched_at(self, order_id: str) -> tuple[datetime, datetime]:
        """When the order was last changed, in memory and in PostgreSQL."""
        row = await self._pool.fetchrow("SELECT touched_at FROM orders WHERE order_id = $1", order_id)
        return self._memory.touched[order_id], row["touched_at"]
