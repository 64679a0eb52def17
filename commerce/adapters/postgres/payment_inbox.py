"""Events of the payment processor in PostgreSQL: the event's id and what it changes, in one transaction."""

from __future__ import annotations

import asyncpg

from commerce import transitions
from commerce.adapters.postgres.chargebacks import dispute_moved
from commerce.adapters.postgres.orders import change_order
from commerce.adapters.postgres.refund_news import refund_failed, refund_made
from commerce.adapters.postgres.seller_accounts import keep
from commerce.orders import OrderNotFound
from commerce.payment_news import AccountChanged, DisputeMoved, Notice, PaymentMoved, RefundFailed, RefundMade

# A second delivery waits here until the first has committed, and then finds its row.
_REMEMBER = """
INSERT INTO payment_events (event_id, type) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING event_id
"""


class PostgresPaymentInbox:
    """`commerce.ports.PaymentInbox` over a pool of connections. `commission_returned`: see `refunds.request`."""

    def __init__(self, pool: asyncpg.Pool, *, commission_returned: bool = True) -> None:
        self._pool = pool
        self._commission_returned = commission_returned

    async def take(self, notice: Notice) -> bool:
        async with self._pool.acquire() as connection, connection.transaction():
            if await connection.fetchval(_REMEMBER, notice.event_id, notice.type) is None:
                return False
            await _apply(connection, notice, commission_returned=self._commission_returned)
        return True


async def _apply(connection: asyncpg.Connection, notice: Notice, *, commission_returned: bool) -> None:
    match notice.news:
        case PaymentMoved() as payment:
            try:
                await change_order(
                    connection,
                    payment.order_id,
                    lambda order: transitions.payment_moved(order, payment.payment_intent_id),
                )
            except OrderNotFound:
                return  # of another stack that shares the processor's account
        case RefundMade() as made:
            await refund_made(connection, made, commission_returned=commission_returned)
        case RefundFailed() as failed:
            await refund_failed(connection, failed)
        case DisputeMoved() as dispute:
            await dispute_moved(connection, dispute, commission_returned=commission_returned)
        case AccountChanged() as changed:
            await keep(connection, changed.state)
        case _:
            return
