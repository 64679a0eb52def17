"""Events of the payment processor in PostgreSQL: the event's id and what it changes, in one transaction."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from functools import cache

import asyncpg
from pydantic import TypeAdapter

from commerce import transitions
from commerce.adapters.postgres.chargebacks import dispute_moved
from commerce.adapters.postgres.orders import change_order
from commerce.adapters.postgres.refund_news import refund_failed, refund_made
from commerce.adapters.postgres.seller_accounts import keep
from commerce.orders import OrderNotFound
from commerce.payment_news import (
    WAITING,
    AccountChanged,
    ChargeNews,
    DisputeMoved,
    Notice,
    PaymentMoved,
    RefundFailed,
    RefundMade,
)

# A second delivery waits here until the first has committed, and then finds its row.
_REMEMBER = """
INSERT INTO payment_events (event_id, type) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING event_id
"""

_WAIT = "INSERT INTO waiting_news (event_id, charge_id, news) VALUES ($1, $2, $3)"
_FORGET = "DELETE FROM waiting_news WHERE came_at < $1"
_KNOWN = """
SELECT w.event_id FROM waiting_news w JOIN orders o USING (charge_id)
WHERE NOT EXISTS (SELECT FROM seller_orders s WHERE s.order_id = o.order_id AND s.state = 'pending')
ORDER BY w.came_at, w.event_id LIMIT $1
"""
# Only one takes it: another waits here, and then finds nothing.
_TAKE = "DELETE FROM waiting_news WHERE event_id = $1 RETURNING news"


class PostgresPaymentInbox:
    """`commerce.ports.PaymentInbox` over a pool of connections. `commission_returned`: see `refunds.request`."""

    def __init__(self, pool: asyncpg.Pool, *, commission_returned: bool = True) -> None:
        self._pool = pool
        self._commission_returned = commission_returned

    async def take(self, notice: Notice) -> bool:
        async with self._pool.acquire() as connection, connection.transaction():
            if await connection.fetchval(_REMEMBER, notice.event_id, notice.type) is None:
                return False
            await self._act(connection, notice)
        return True

    async def take_waiting(self, now: datetime, limit: int = 100) -> int:
        await self._pool.execute(_FORGET, now - WAITING)
        taken = 0
        for row in await self._pool.fetch(_KNOWN, limit):
            async with self._pool.acquire() as connection, connection.transaction():
                waiting = await connection.fetchval(_TAKE, row["event_id"])
                if waiting is not None:
                    await self._apply(connection, _news().validate_json(waiting))
                    taken += 1
        return taken

    async def _act(self, connection: asyncpg.Connection, notice: Notice) -> None:
        match notice.news:
            case PaymentMoved() as payment:
                with suppress(OrderNotFound):  # of another stack that shares the processor's account
                    await change_order(
                        connection,
                        payment.order_id,
                        lambda order: transitions.payment_moved(order, payment.payment_intent_id),
                    )
            case RefundFailed() as failed:
                await refund_failed(connection, failed)
            case RefundMade() | DisputeMoved() as news:
                if not await self._apply(connection, news):
                    written = _news().dump_json(news).decode()
                    await connection.execute(_WAIT, notice.event_id, news.charge_id, written)
            case AccountChanged() as changed:
                await keep(connection, changed.state)
            case _:
                return

    async def _apply(self, connection: asyncpg.Connection, news: ChargeNews) -> bool:
        if isinstance(news, RefundMade):
            return await refund_made(connection, news, commission_returned=self._commission_returned)
        return await dispute_moved(connection, news, commission_returned=self._commission_returned)


@cache
def _news() -> TypeAdapter[ChargeNews]:
    return TypeAdapter(ChargeNews)
