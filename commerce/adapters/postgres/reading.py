"""Read whole orders: one statement, so that an order, its lines and its sub-orders are of the same instant."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import asyncpg

from commerce.money import Money
from commerce.orders import (
    Order,
    OrderLine,
    OrderNotFound,
    OrderPage,
    OrderStatus,
    SellerOrder,
    SellerOrderState,
    StockState,
    WaitsFor,
)
from commerce.paging import cursor as cursor_of
from commerce.paging import position

_ORDERS = """
SELECT o.*,
    (SELECT json_agg(l ORDER BY l.offer_id) FROM order_lines l WHERE l.order_id = o.order_id) AS lines,
    (
        SELECT json_agg(s ORDER BY s.seller_id)
        FROM (SELECT so.*, p.display_name FROM seller_orders so JOIN sellers p USING (seller_id)
              WHERE so.order_id = o.order_id) AS s
    ) AS shares
FROM orders o
"""
_ONE = f"{_ORDERS} WHERE o.order_id = $1 AND ($2::text IS NULL OR o.buyer_id = $2)"
_OF_CART = f"{_ORDERS} WHERE o.buyer_id = $1 AND o.cart_revision = $2 AND o.status <> 'failed'"
# Each with an index of its own.
_PAGE = f"{_ORDERS} WHERE (o.accepted_at, o.order_id) < ($1, $2) ORDER BY o.accepted_at DESC, o.order_id DESC LIMIT $3"
_PAGE_OF_BUYER = f"""
{_ORDERS} WHERE o.buyer_id = $4 AND (o.accepted_at, o.order_id) < ($1, $2)
ORDER BY o.accepted_at DESC, o.order_id DESC LIMIT $3
"""
_BEFORE_THE_FIRST = datetime(9999, 12, 31, tzinfo=UTC), ""


async def read_order(source: asyncpg.Pool | asyncpg.Connection, order_id: str, buyer_id: str | None = None) -> Order:
    """Raises OrderNotFound."""
    row = await source.fetchrow(_ONE, order_id, buyer_id)
    if row is None:
        raise OrderNotFound(order_id)
    return _order(row)


async def read_order_of_cart(source: asyncpg.Pool, buyer_id: str, revision: str) -> Order | None:
    """The order that bought this state of the buyer's cart and has not failed."""
    row = await source.fetchrow(_OF_CART, buyer_id, revision)
    return None if row is None else _order(row)


async def read_page(source: asyncpg.Pool, limit: int, cursor: str | None, buyer_id: str | None) -> OrderPage:
    """All orders, or those of one buyer, the latest first."""
    after = position(cursor) if cursor else _BEFORE_THE_FIRST
    if buyer_id is None:
        rows = await source.fetch(_PAGE, *after, limit + 1)
    else:
        rows = await source.fetch(_PAGE_OF_BUYER, *after, limit + 1, buyer_id)
    items = tuple(_order(row) for row in rows[:limit])
    more = len(rows) > limit
    return OrderPage(items=items, next_cursor=cursor_of((items[-1].accepted_at, items[-1].order_id)) if more else None)


def _order(row: Any) -> Order:
    currency = row["currency"]
    lines = json.loads(row["lines"])
    return Order(
        order_id=row["order_id"],
        buyer_id=row["buyer_id"],
        status=OrderStatus(row["status"]),
        total=Money(row["total"], currency),
        payment_method=row["payment_method"],
        lines=tuple(_line(line, currency) for line in lines),
        sellers=tuple(_share(share, currency) for share in json.loads(row["shares"])),
        accepted_at=row["accepted_at"],
        stock=StockState(lines[0]["stock_state"]),
        payment_intent_id=row["payment_intent_id"],
        charge_id=row["charge_id"],
        failure=row["failure"],
        cart_revision=row["cart_revision"],
        waits_for=None if row["waits_for"] is None else WaitsFor(row["waits_for"]),
        waits_until=row["waits_until"],
        stop_reason=row["stop_reason"],
    )


def _line(line: dict[str, Any], currency: str) -> OrderLine:
    return OrderLine(
        offer_id=line["offer_id"],
        product_id=line["product_id"],
        seller_id=line["seller_id"],
        title=line["title"],
        quantity=line["quantity"],
        unit_price=Money(line["unit_price"], currency),
    )


def _share(share: dict[str, Any], currency: str) -> SellerOrder:
    held_until = share["held_until"]
    return SellerOrder(
        seller_id=share["seller_id"],
        seller_name=share["display_name"],
        gross=Money(share["gross"], currency),
        commission=Money(share["commission"], currency),
        net=Money(share["gross"] - share["commission"], currency),
        state=SellerOrderState(share["state"]),
        held_until=None if held_until is None else datetime.fromisoformat(held_until),
        transfer_id=share["transfer_id"],
    )
