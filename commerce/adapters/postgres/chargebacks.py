"""Chargebacks in PostgreSQL, in the transaction that remembers the processor's event."""

from __future__ import annotations

import asyncpg

from commerce.adapters.postgres.holds import lift, place
from commerce.adapters.postgres.ledger import post
from commerce.adapters.postgres.refund_news import give_back, take_back
from commerce.adapters.postgres.refunds import paid_order, sellers_of
from commerce.chargebacks import Chargeback, Outcome, hold_of, lifted_hold_of, move
from commerce.ledger import DISPUTED
from commerce.money import Money
from commerce.payment_news import DisputeMoved

_TURN = "SELECT pg_advisory_xact_lock(hashtextextended('chargeback ' || $1, 0))"
_KNOWN = "SELECT c.*, o.currency FROM chargebacks c JOIN orders o USING (order_id) WHERE dispute_id = $1"
_KEEP = """
INSERT INTO chargebacks (dispute_id, order_id, amount, status, as_of, withdrawn, fee, movements)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (dispute_id) DO UPDATE SET amount = $3, status = $4, as_of = $5, withdrawn = $6, fee = $7, movements = $8
"""


async def dispute_moved(connection: asyncpg.Connection, news: DisputeMoved, *, commission_returned: bool) -> bool:
    """Holds the shares of a disputed charge until the bank has decided; a lost one is taken from its sellers. False
    when the charge is not known yet."""
    await connection.execute(_TURN, news.dispute_id)
    order_id = await paid_order(connection, news.charge_id)
    if order_id is None:
        return False
    moved = move(await _known(connection, news.dispute_id), news, order_id)
    if moved is None:
        return True
    await _keep(connection, moved.chargeback)
    await post(connection, moved.posts)
    if moved.outcome is Outcome.TAKE:
        await give_back(
            connection,
            order_id,
            news.amount,
            processor_id=news.dispute_id,
            reason="chargeback",
            commission_returned=commission_returned,
            source=DISPUTED,
        )
    if moved.outcome is Outcome.RETURN:
        await take_back(connection, news.dispute_id)
    for seller_id in await sellers_of(connection, order_id):
        if moved.outcome is Outcome.WAIT:
            await place(connection, hold_of(news, order_id, seller_id))
        elif moved.outcome is not Outcome.SAME:
            await lift(connection, lifted_hold_of(news, order_id, seller_id))
    return True


async def _known(connection: asyncpg.Connection, dispute_id: str) -> Chargeback | None:
    row = await connection.fetchrow(_KNOWN, dispute_id)
    if row is None:
        return None
    return Chargeback(
        dispute_id=row["dispute_id"],
        order_id=row["order_id"],
        amount=Money(row["amount"], row["currency"]),
        status=row["status"],
        as_of=row["as_of"],
        withdrawn=row["withdrawn"],
        fee=row["fee"],
        movements=row["movements"],
    )


async def _keep(connection: asyncpg.Connection, known: Chargeback) -> None:
    facts = (known.dispute_id, known.order_id, known.amount.amount, known.status, known.as_of)
    await connection.execute(_KEEP, *facts, known.withdrawn, known.fee, known.movements)
