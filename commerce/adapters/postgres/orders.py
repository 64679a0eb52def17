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
from commerce.adapters.postgres.acceptance import Acceptances
from commerce.adapters.postgres.events import record
from commerce.adapters.postgres.ledger import post
from commerce.adapters.postgres.reading import read_order, read_order_of_cart, read_page
from commerce.inventory import SoldOut
from commerce.orders import Accepted, Checkout, Order, OrderNotFound, OrderPage, WaitsFor
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
_FACTS = ("status", "payment_intent_id", "charge_id", "failure", "waits_for", "waits_until", "stop_reason")
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
_DISPATCH = """
WITH resumed AS (
    UPDATE orders SET dispatches = dispatches + 1, resumes = resumes + 1 WHERE order_id = $1
    RETURNING order_id, dispatches
)
INSERT INTO outbox (order_id, attempt) SELECT order_id, dispatches FROM resumed
"""
_KEEP_CHALLENGE = """
INSERT INTO authentications (order_id, client_secret) VALUES ($1, $2)
ON CONFLICT (order_id) DO UPDATE SET client_secret = $2
"""
_CHALLENGE = """
SELECT o.waits_for, a.client_secret FROM orders o LEFT JOIN authentications a USING (order_id)
WHERE o.order_id = $1 AND o.buyer_id = $2
"""
_OVERDUE = """
SELECT order_id FROM orders WHERE waits_for IS NOT NULL AND waits_until <= $1 ORDER BY waits_until, order_id LIMIT $2
"""


class PostgresOrders:
    """`commerce.ports.Orders` over a pool of connections."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._acceptances = Acceptances(pool)

    async def accept(self, checkout: Checkout) -> Accepted:
        return await self._acceptances.accept(checkout)

    async def get(self, order_id: str, buyer_id: str | None = None) -> Order:
        return await read_order(self._pool, order_id, buyer_id)

    async def of_cart(self, buyer_id: str, revision: str) -> Order | None:
        return await read_order_of_cart(self._pool, buyer_id, revision)

    async def page(self, limit: int, cursor: str | None = None, buyer_id: str | None = None) -> OrderPage:
        return await read_page(self._pool, limit, cursor, buyer_id)

    async def record_authorization(self, order_id: str, payment_intent_id: str) -> None:
        await self._change(order_id, lambda order: transitions.record_authorization(order, payment_intent_id))

    async def confirm_stock(self, order_id: str) -> None:
        await self._change(order_id, transitions.confirm_stock)

    async def restore_stock(self, order_id: str) -> None:
        await self._change(order_id, transitions.restore_stock)

    async def record_capture(self, order_id: str, charge_id: str, fee: int = 0) -> None:
        await self._change(order_id, lambda order: transitions.record_capture(order, charge_id, fee))

    async def record_split(self, order_id: str) -> None:
        await self._change(order_id, transitions.record_split)

    async def fail(self, order_id: str, code: str) -> None:
        await self._change(order_id, lambda order: transitions.fail(order, code))

    async def wait(self, order_id: str, waits_for: WaitsFor, until: datetime) -> None:
        await self._change(order_id, lambda order: transitions.wait(order, waits_for, until))

    async def wait_for_buyer(self, order_id: str, payment_intent_id: str, client_secret: str, until: datetime) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            await change_order(
                connection,
                order_id,
                lambda order: transitions.wait(order, WaitsFor.BUYER, until, payment_intent_id),
            )
            await connection.execute(_KEEP_CHALLENGE, order_id, client_secret)

    async def client_secret(self, order_id: str, buyer_id: str) -> str | None:
        row = await self._pool.fetchrow(_CHALLENGE, order_id, buyer_id)
        if row is None:
            raise OrderNotFound(order_id)
        return row["client_secret"] if row["waits_for"] == WaitsFor.BUYER else None

    async def resume(self, order_id: str, waits_for: WaitsFor, buyer_id: str | None = None) -> bool:
        return await self._change(order_id, lambda order: transitions.resume(order, waits_for), buyer_id)

    async def stop(self, order_id: str, reason: str, buyer_id: str | None = None) -> None:
        await self._change(order_id, lambda order: transitions.stop(order, reason), buyer_id)

    async def stop_overdue(self, now: datetime, limit: int = 100) -> tuple[str, ...]:
        rows = await self._pool.fetch(_OVERDUE, now, limit)
        stopped = []
        for row in rows:
            if await self._change(row["order_id"], lambda order: transitions.stop_overdue(order, now)):
                stopped.append(row["order_id"])
        return tuple(stopped)

    async def mark_fulfilled(self, order_id: str, now: datetime, return_window: timedelta) -> None:
        await self._change(order_id, lambda order: transitions.mark_fulfilled(order, now, return_window))

    async def _change(
        self, order_id: str, decide: Callable[[Order], Transition | None], buyer_id: str | None = None
    ) -> bool:
        async with self._pool.acquire() as connection, connection.transaction():
            return await change_order(connection, order_id, decide, buyer_id)


async def change_order(
    connection: asyncpg.Connection,
    order_id: str,
    decide: Callable[[Order], Transition | None],
    buyer_id: str | None = None,
) -> bool:
    """Lock the order, ask, store; whether there was something to store. The order is read after the lock was taken, by
    a statement of its own: only then does it show what the lock's last holder committed."""
    await connection.execute(_LOCK, order_id)
    order = await read_order(connection, order_id, buyer_id)
    transition = decide(order)
    if transition is None:
        return False
    await _move_stock(connection, transition.stock)
    if transition.posts is not None:
        await post(connection, transition.posts)
    await _store(connection, order, transition.order)
    await record(connection, *transition.events)
    if transition.dispatch:
        await connection.execute(_DISPATCH, order_id)
    return True


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
