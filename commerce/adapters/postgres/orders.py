"""Orders in PostgreSQL: accepting them, reading them, and the operations of the saga.

Every operation locks the order's row first and then offers in the order of their ids, so that operations cannot
deadlock. `commerce.transitions` decides what it does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import asyncpg

from commerce import transitions
from commerce.adapters.postgres.acceptance import accept
from commerce.adapters.postgres.events import record
from commerce.adapters.postgres.ledger import post
from commerce.adapters.postgres.reading import read_order, read_order_of_cart, read_orders_of
from commerce.inventory import SoldOut
from commerce.orders import Accepted, Checkout, Order
from commerce.transitions import Transition

_LOCK = "SELECT 1 FROM orders WHERE order_id = $1 FOR NO KEY UPDATE"
_LOCK_OFFERS = "SELECT offer_id FROM offers WHERE offer_id = ANY ($1::text[]) ORDER BY offer_id FOR NO KEY UPDATE"
# The sale, or its return. The condition on the stock is what makes it impossible to sell a unit twice.
_MOVE_STOCK = """
UPDATE offers o SET stock = o.stock + d.units
FROM unnest($1::text[], $2::integer[]) AS d (offer_id, units)
WHERE o.offer_id = d.offer_id AND o.stock + d.units >= 0
RETURNING o.offer_id
"""
# `_store` fills in the columns that change: a workload's role may write only those of its own operations.
_FACTS = ("status", "payment_intent_id", "charge_id", "failure")
_ORDER = "UPDATE orders SET {changes}touched_at = now() WHERE order_id = $1"
_STOCK_STATE = "UPDATE order_lines SET stock_state = $2 WHERE order_id = $1"
_SHARE_STATES = """
UPDATE seller_orders s SET state = d.value
FROM json_each_text($2) AS d WHERE s.order_id = $1 AND s.seller_id = d.key
"""
_HELD_UNTIL = """
UPDATE seller_orders s SET held_until = d.value::timestamptz
FROM json_each_text($2) AS d WHERE s.order_id = $1 AND s.seller_id = d.key
"""


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

    async def record_authorization(self, order_id: str, payment_intent_id: str) -> None:
        await self._change(order_id, lambda order: transitions.record_authorization(order, payment_intent_id))

    async def confirm_stock(self, order_id: str) -> None:
        await self._change(order_id, transitions.confirm_stock)

    async def restore_stock(self, order_id: str) -> None:
        await self._change(order_id, transitions.restore_stock)

    async def record_capture(self, order_id: str, charge_id: str) -> None:
        await self._change(order_id, lambda order: transitions.record_capture(order, charge_id))

    async def record_split(self, order_id: str) -> None:
        await self._change(order_id, transitions.record_split)

    async def fail(self, order_id: str, code: str) -> None:
        await self._change(order_id, lambda order: transitions.fail(order, code))

    async def mark_fulfilled(self, order_id: str, now: datetime, return_window: timedelta) -> None:
        await self._change(order_id, lambda order: transitions.mark_fulfilled(order, now, return_window))

    async def _change(self, order_id: str, decide: Callable[[Order], Transition | None]) -> None:
        """Lock the order, ask, store. The order is read after the lock was taken, by a statement of its own: only then
        does it show what the lock's last holder committed."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(_LOCK, order_id)
            order = await read_order(connection, order_id)
            transition = decide(order)
            if transition is not None:
                await _move_stock(connection, transition.stock)
                if transition.posts is not None:
                    await post(connection, transition.posts)
                await _store(connection, order, transition.order)
                await record(connection, *transition.events)


async def _move_stock(connection: asyncpg.Connection, stock: Mapping[str, int]) -> None:
    if stock:
        await connection.execute(_LOCK_OFFERS, list(stock))
        moved = await connection.fetch(_MOVE_STOCK, list(stock), list(stock.values()))
        if short := set(stock) - {row["offer_id"] for row in moved}:
            raise SoldOut(short)


async def _store(connection: asyncpg.Connection, old: Order, new: Order) -> None:
    """Write what differs, and that the order was touched."""
    facts = [fact for fact in _FACTS if getattr(old, fact) != getattr(new, fact)]
    if new.stock is not old.stock:
        await connection.execute(_STOCK_STATE, new.order_id, new.stock)
    changes = "".join(f"{fact} = ${number}, " for number, fact in enumerate(facts, start=2))
    await connection.execute(_ORDER.format(changes=changes), new.order_id, *(getattr(new, fact) for fact in facts))
    for statement, column in ((_SHARE_STATES, "state"), (_HELD_UNTIL, "held_until")):
        values = {share.seller_id: getattr(share, column) for share in new.sellers}
        if values != {share.seller_id: getattr(share, column) for share in old.sellers}:
            await connection.execute(statement, new.order_id, json.dumps(values, default=str))
