"""Orders in PostgreSQL: accepting them, reading them, and the saga's operations.

Every operation locks the order's row first and offers after it in the order of their ids, so that no two operations
wait for each other in a circle; what it may do is decided by the pure rules of `commerce.orders`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import asyncpg

from commerce.adapters.postgres.acceptance import accept
from commerce.adapters.postgres.ledger import post
from commerce.adapters.postgres.reading import read_order, read_order_of_cart, read_orders_of
from commerce.inventory import SoldOut
from commerce.ledger import capture_transaction
from commerce.orders import (
    Accepted,
    Checkout,
    IllegalTransition,
    Order,
    OrderStatus,
    StockState,
    must_advance,
    must_fail,
    must_restore,
)
from commerce.payouts import held_until

_LOCK = "SELECT 1 FROM orders WHERE order_id = $1 FOR NO KEY UPDATE"
_LOCK_OFFERS = "SELECT offer_id FROM offers WHERE offer_id = ANY ($1::text[]) ORDER BY offer_id FOR NO KEY UPDATE"
# The sale. The condition on the stock is what makes it impossible to sell a unit twice.
_TAKE = """
UPDATE offers o SET stock = o.stock - d.quantity
FROM unnest($1::text[], $2::integer[]) AS d (offer_id, quantity)
WHERE o.offer_id = d.offer_id AND o.stock >= d.quantity
RETURNING o.offer_id
"""
_GIVE_BACK = """
UPDATE offers o SET stock = o.stock + d.quantity
FROM unnest($1::text[], $2::integer[]) AS d (offer_id, quantity)
WHERE o.offer_id = d.offer_id
"""
_STOCK_STATE = "UPDATE order_lines SET stock_state = $2 WHERE order_id = $1"
_STATUS = "UPDATE orders SET status = $2, touched_at = now() WHERE order_id = $1"


class PostgresOrders:
    """`commerce.ports.Orders` over a pool of connections."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def accept(self, checkout: Checkout) -> Accepted:
        return await accept(self._pool, checkout)

    async def get(self, order_id: str, buyer_id: str | None = None) -> Order:
        return await read_order(self._pool, order_id, buyer_id)

    async def of_cart(self, buyer_id: str, revision: str) -> Order | None:
        return await read_order_of_cart(self._pool, buyer_id, revision)

    async def of_buyer(self, buyer_id: str, limit: int = 50) -> tuple[Order, ...]:
        return await read_orders_of(self._pool, buyer_id, limit)

    async def record_authorisation(self, order_id: str, payment_intent_id: str) -> None:
        async with self._locked(order_id) as (connection, order):
            if must_advance(order_id, order.status, OrderStatus.AUTHORISED):
                await connection.execute(
                    "UPDATE orders SET status = 'authorised', payment_intent_id = $2, touched_at = now() "
                    "WHERE order_id = $1",
                    order_id,
                    payment_intent_id,
                )
            elif order.payment_intent_id != payment_intent_id:
                raise IllegalTransition(order_id, "a second authorisation", order.status)

    async def confirm_stock(self, order_id: str) -> None:
        async with self._locked(order_id) as (connection, order):
            if order.stock is StockState.RESTORED:
                raise IllegalTransition(order_id, "confirming its stock", "giving its stock back")
            if not must_advance(order_id, order.status, OrderStatus.CONFIRMED):
                return
            offer_ids, quantities = _demand(order)
            await connection.execute(_LOCK_OFFERS, offer_ids)
            taken = {row["offer_id"] for row in await connection.fetch(_TAKE, offer_ids, quantities)}
            if short := set(offer_ids) - taken:
                raise SoldOut(short)
            await connection.execute(_STOCK_STATE, order_id, StockState.CONFIRMED)
            await connection.execute(_STATUS, order_id, OrderStatus.CONFIRMED)

    async def restore_stock(self, order_id: str) -> None:
        async with self._locked(order_id) as (connection, order):
            await _restore(connection, order)

    async def record_capture(self, order_id: str, charge_id: str) -> None:
        async with self._locked(order_id) as (connection, order):
            if order.stock is StockState.RESTORED:
                raise IllegalTransition(order_id, "capturing", "giving its stock back")
            if must_advance(order_id, order.status, OrderStatus.CAPTURED):
                await connection.execute(
                    "UPDATE orders SET status = 'captured', charge_id = $2, touched_at = now() WHERE order_id = $1",
                    order_id,
                    charge_id,
                )
            elif order.charge_id != charge_id:
                raise IllegalTransition(order_id, "a second capture", order.status)

    async def record_split(self, order_id: str) -> None:
        async with self._locked(order_id) as (connection, order):
            if must_advance(order_id, order.status, OrderStatus.FULFILLED):
                await post(connection, capture_transaction(order))
                await connection.execute(
                    "UPDATE seller_orders SET state = 'held' WHERE order_id = $1 AND state = 'pending'", order_id
                )
                await connection.execute("UPDATE orders SET touched_at = now() WHERE order_id = $1", order_id)

    async def fail(self, order_id: str, code: str) -> None:
        async with self._locked(order_id) as (connection, order):
            if must_fail(order_id, order.status):
                await _restore(connection, order)
                await connection.execute(
                    "UPDATE orders SET status = 'failed', failure = $2, touched_at = now() WHERE order_id = $1",
                    order_id,
                    code,
                )
                await connection.execute("UPDATE seller_orders SET state = 'cancelled' WHERE order_id = $1", order_id)

    async def mark_fulfilled(self, order_id: str, now: datetime, return_window: timedelta) -> None:
        async with self._locked(order_id) as (connection, order):
            if not must_advance(order_id, order.status, OrderStatus.FULFILLED):
                return
            if order.awaits_split:
                raise IllegalTransition(order_id, "fulfilling", "not split between its sellers yet")
            await connection.execute(_STATUS, order_id, OrderStatus.FULFILLED)
            await connection.execute(
                "UPDATE seller_orders SET held_until = $2 WHERE order_id = $1 AND state = 'held'",
                order_id,
                held_until(now, return_window),
            )

    @asynccontextmanager
    async def _locked(self, order_id: str) -> AsyncIterator[tuple[asyncpg.Connection, Order]]:
        """A transaction that holds the order's row. The order is read after the lock was taken, by a statement of
        its own: it sees everything that whoever held the lock before has committed."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(_LOCK, order_id)
            yield connection, await read_order(connection, order_id)


async def _restore(connection: asyncpg.Connection, order: Order) -> None:
    if must_restore(order.order_id, order.status, order.stock):
        if order.stock is StockState.CONFIRMED:
            offer_ids, quantities = _demand(order)
            await connection.execute(_LOCK_OFFERS, offer_ids)
            await connection.execute(_GIVE_BACK, offer_ids, quantities)
        await connection.execute(_STOCK_STATE, order.order_id, StockState.RESTORED)


def _demand(order: Order) -> tuple[list[str], list[int]]:
    """Units per offer, each offer once: the lines of an order are unique by offer (the table's key)."""
    return [line.offer_id for line in order.lines], [line.quantity for line in order.lines]
