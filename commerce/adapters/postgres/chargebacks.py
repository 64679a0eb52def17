"""Chargebacks in PostgreSQL, in the transaction that remembers the processor's event."""

from __future__ import annotations

import asyncpg

from commerce.adapters.postgres.holds import lift, place
from commerce.adapters.postgres.ledger import post
from commerce.adapters.postgres.refund_news import give_back
from commerce.chargebacks import CLOSED, LOST, hold_of, is_news, lifted_hold_of
from commerce.ledger import FEES, PROCESSOR, transaction
from commerce.money import Money
from commerce.payment_news import DisputeMoved

_TURN = "SELECT pg_advisory_xact_lock(hashtextextended('chargeback ' || $1, 0))"
_SHARES = """
SELECT order_id, seller_id FROM orders JOIN seller_orders USING (order_id) WHERE charge_id = $1 ORDER BY seller_id
"""
_KEEP = """
INSERT INTO chargebacks (dispute_id, order_id, amount, status, as_of) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (dispute_id) DO UPDATE SET status = $4, as_of = $5
"""


async def dispute_moved(connection: asyncpg.Connection, news: DisputeMoved, *, commission_returned: bool) -> None:
    """Holds the shares of a disputed charge until the bank has decided; a lost one is taken from its sellers."""
    await connection.execute(_TURN, news.dispute_id)
    known = await connection.fetchval("SELECT status FROM chargebacks WHERE dispute_id = $1", news.dispute_id)
    shares = await connection.fetch(_SHARES, news.charge_id)
    if not shares or not is_news(known, news.status):
        return
    order_id = shares[0]["order_id"]
    await connection.execute(_KEEP, news.dispute_id, order_id, news.amount.amount, news.status, news.at)
    if news.status not in CLOSED:
        for share in shares:
            await place(connection, hold_of(news, order_id, share["seller_id"]))
        return
    if news.status == LOST:
        await give_back(
            connection,
            order_id,
            news.amount,
            processor_id=news.dispute_id,
            reason="chargeback",
            commission_returned=commission_returned,
        )
        fee = Money(news.fee, news.amount.currency)
        await post(connection, transaction(f"fee/{news.dispute_id}", order_id, [(PROCESSOR, -fee), (FEES, fee)]))
    for share in shares:
        await lift(connection, lifted_hold_of(news, order_id, share["seller_id"]))
