"""A seller's parts of orders in PostgreSQL, each call in a transaction that sees this seller's rows only."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from commerce import shipping
from commerce.adapters.postgres.events import record
from commerce.adapters.postgres.payouts import ON_HOLD
from commerce.adapters.postgres.seller_scope import acting_for
from commerce.money import Money
from commerce.orders import OrderLine, OrderNotFound, OrderStatus, SellerOrder, SellerOrderState
from commerce.paging import cursor as cursor_of
from commerce.paging import position
from commerce.shipping import Sale, SalePage, Shipment

_SALES = f"""
SELECT s.*, o.status, o.currency, p.display_name, h.carrier, h.tracking, h.shipped_at, h.delivered_at,
    {ON_HOLD} AS on_hold,
    (
        SELECT json_agg(l ORDER BY l.offer_id) FROM order_lines l
        WHERE l.order_id = s.order_id AND l.seller_id = s.seller_id
    ) AS lines
FROM seller_orders s JOIN orders o USING (order_id) JOIN sellers p USING (seller_id)
LEFT JOIN shipments h USING (order_id, seller_id)
WHERE s.seller_id = $1
"""  # noqa: S608 - constants only
_ONE = f"{_SALES} AND s.order_id = $2"
_PAGE = f"""
{_SALES} AND ($2::timestamptz IS NULL OR (s.placed_at, s.order_id) < ($2, $3))
ORDER BY s.placed_at DESC, s.order_id DESC LIMIT $4
"""
_LOCK = "SELECT 1 FROM seller_orders WHERE seller_id = $1 AND order_id = $2 FOR NO KEY UPDATE"
_SHIPMENT = """
INSERT INTO shipments (order_id, seller_id, carrier, tracking, shipped_at, delivered_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (order_id, seller_id) DO UPDATE SET carrier = $3, tracking = $4, delivered_at = $6
"""


class PostgresSales:
    """`commerce.ports.Sales` over a pool of connections."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def page(self, seller_id: str, limit: int, cursor: str | None = None) -> SalePage:
        after = position(cursor) if cursor else (None, "")
        async with acting_for(self._pool, seller_id) as connection:
            rows = await connection.fetch(_PAGE, seller_id, *after, limit + 1)
        items = tuple(_sale(row) for row in rows[:limit])
        last = items[-1] if len(rows) > limit else None
        return SalePage(items=items, next_cursor=cursor_of((last.placed_at, last.order_id)) if last else None)

    async def get(self, seller_id: str, order_id: str) -> Sale:
        async with acting_for(self._pool, seller_id) as connection:
            return await _read(connection, seller_id, order_id)

    async def ship(self, seller_id: str, order_id: str, *, carrier: str, tracking: str, now: datetime) -> Sale:
        return await self._change(seller_id, order_id, lambda sale: shipping.ship(sale, carrier, tracking, now))

    async def deliver(self, seller_id: str, order_id: str, *, now: datetime, return_window: timedelta) -> Sale:
        return await self._change(seller_id, order_id, lambda sale: shipping.deliver(sale, now, return_window))

    async def _change(self, seller_id: str, order_id: str, decide: Callable[[Sale], Sale | None]) -> Sale:
        """Lock the share, ask, store. It is read after the lock was taken, by a statement of its own."""
        async with acting_for(self._pool, seller_id) as connection:
            await connection.execute(_LOCK, seller_id, order_id)
            sale = await _read(connection, seller_id, order_id)
            changed = decide(sale)
            if changed is None:
                return sale
            await _store(connection, sale, changed)
        return changed


async def _read(connection: asyncpg.Connection, seller_id: str, order_id: str) -> Sale:
    row = await connection.fetchrow(_ONE, seller_id, order_id)
    if row is None:
        raise OrderNotFound(order_id)
    return _sale(row)


async def _store(connection: asyncpg.Connection, old: Sale, new: Sale) -> None:
    key = (new.order_id, new.share.seller_id)
    if (shipment := new.shipment) is not None:
        facts = (shipment.carrier, shipment.tracking, shipment.shipped_at, shipment.delivered_at)
        await connection.execute(_SHIPMENT, *key, *facts)
    if new.share.held_until != old.share.held_until:
        await connection.execute(
            "UPDATE seller_orders SET held_until = $3 WHERE order_id = $1 AND seller_id = $2",
            *key,
            new.share.held_until,
        )
    if (told := shipping.news(old, new)) is not None:
        await record(connection, told)


def _sale(row: Any) -> Sale:
    currency = row["currency"]
    shipped = row["shipped_at"] is not None
    return Sale(
        order_id=row["order_id"],
        status=OrderStatus(row["status"]),
        placed_at=row["placed_at"],
        on_hold=row["on_hold"],
        share=SellerOrder(
            seller_id=row["seller_id"],
            seller_name=row["display_name"],
            gross=Money(row["gross"], currency),
            commission=Money(row["commission"], currency),
            net=Money(row["gross"] - row["commission"], currency),
            state=SellerOrderState(row["state"]),
            held_until=row["held_until"],
            transfer_id=row["transfer_id"],
        ),
        lines=tuple(
            OrderLine(
                offer_id=line["offer_id"],
                product_id=line["product_id"],
                seller_id=line["seller_id"],
                title=line["title"],
                quantity=line["quantity"],
                unit_price=Money(line["unit_price"], currency),
            )
            for line in json.loads(row["lines"])
        ),
        shipment=Shipment(
            carrier=row["carrier"],
            tracking=row["tracking"],
            shipped_at=row["shipped_at"],
            delivered_at=row["delivered_at"],
        )
        if shipped
        else None,
    )
