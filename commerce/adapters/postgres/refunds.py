"""Refunds in PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import asyncpg

from commerce.adapters.postgres.events import record
from commerce.adapters.postgres.holds import lift
from commerce.adapters.postgres.ledger import post
from commerce.adapters.postgres.payouts import TURN, owed, payout_of
from commerce.ledger import LOSSES, PROCESSOR, held, reversal_transaction
from commerce.money import Money
from commerce.orders import OrderNotFound, SellerOrder, SellerOrderState
from commerce.payouts import Payout
from commerce.refunds import Refund, RefundConflict, RefundState, again, given, lifted_by, made, refused, request

_SHARE = """
SELECT s.*, o.currency, p.display_name
FROM seller_orders s JOIN orders o USING (order_id) JOIN sellers p USING (seller_id)
WHERE s.order_id = $1 AND s.seller_id = $2 FOR UPDATE OF s
"""
_PAID_ORDER = """
SELECT order_id FROM orders o WHERE charge_id = $1
    AND NOT EXISTS (SELECT FROM seller_orders s WHERE s.order_id = o.order_id AND s.state = 'pending')
"""
_READ = """
SELECT r.*, o.currency, o.payment_intent_id, s.transfer_id
FROM refunds r JOIN orders o USING (order_id) JOIN seller_orders s USING (order_id, seller_id)
"""
_WRITE = """
INSERT INTO refunds (refund_id, order_id, seller_id, amount, reversal, covered, reason, requested_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_PAID = """
UPDATE refunds SET processor_refund_id = $2, attempts = 0, due_at = now(),
    state = CASE WHEN reversal = 0 THEN 'settled' ELSE 'paid' END
WHERE refund_id = $1 AND state = 'requested' RETURNING refund_id
"""
# A refund may fail while its reversal is made: what came back then is spare.
_REVERSED = """
UPDATE refunds SET reversal_id = $2, credited = credited + CASE WHEN state = 'failed' THEN reversal ELSE 0 END,
    state = CASE WHEN state = 'failed' THEN state ELSE 'settled' END
WHERE refund_id = $1 AND state IN ('paid', 'failed') AND reversal_id IS NULL RETURNING refund_id
"""
# A reversal waits for the transfer that it takes from.
_DUE = f"""
{_READ} WHERE r.due_at <= $1
    AND (r.state = 'requested' OR (r.state = 'paid' AND r.reversal > 0 AND s.transfer_id IS NOT NULL))
ORDER BY r.due_at, r.refund_id LIMIT $2
"""
_REFUSED = """
UPDATE refunds SET state = $2, processor_refund_id = $3, reversal = $4, attempts = $5, due_at = $6 WHERE refund_id = $1
"""


class PostgresRefunds:
    """`commerce.ports.Refunds` over a pool of connections. `commission_returned`: see `refunds.request`."""

    def __init__(self, pool: asyncpg.Pool, *, commission_returned: bool) -> None:
        self._pool = pool
        self._commission_returned = commission_returned

    async def request(self, order_id: str, seller_id: str, amount: Money, refund_id: str, reason: str) -> bool:
        async with self._pool.acquire() as connection, connection.transaction():
            booked = await book(
                connection,
                order_id,
                seller_id,
                amount,
                refund_id=refund_id,
                reason=reason,
                commission_returned=self._commission_returned,
            )
        return booked is not None

    async def due(self, now: datetime, limit: int = 100) -> tuple[Refund, ...]:
        return tuple(_refund(row) for row in await self._pool.fetch(_DUE, now, limit))

    async def record_paid(self, refund_id: str, processor_refund_id: str) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            await pay(connection, refund_id, processor_refund_id)

    async def record_reversed(self, refund_id: str, reversal_id: str) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            if await connection.fetchval(_REVERSED, refund_id, reversal_id) is not None:
                refund = await find(connection, refund_id)
                assert refund is not None  # noqa: S101 - it was changed a line above
                await post(
                    connection,
                    reversal_transaction(refund.order_id, refund.seller_id, refund.refund_id, refund.reversal),
                )

    async def record_refusal(self, refund_id: str, now: datetime) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            named = await find(connection, refund_id)
            if named is None:
                return
            await lock_share(connection, named.order_id, named.seller_id)
            refund = await find(connection, refund_id)
            if refund is None or refund.state not in (RefundState.REQUESTED, RefundState.PAID):
                return
            losses = await owed(connection, refund.order_id, LOSSES, refund.amount.currency)
            answer = refused(refund, -losses, now)
            after = answer.refund
            facts = (after.state, after.processor_refund_id, after.reversal.amount, after.attempts)
            await connection.execute(_REFUSED, refund_id, *facts, answer.due_at)
            if answer.posts is not None:
                await post(connection, answer.posts)


async def book(
    connection: asyncpg.Connection,
    order_id: str,
    seller_id: str,
    amount: Money,
    *,
    refund_id: str,
    reason: str,
    commission_returned: bool,
    source: str = PROCESSOR,
) -> Refund | None:
    """Check and book a refund in the transaction of what it follows from; None when it was booked before and has not
    failed."""
    share = await lock_share(connection, order_id, seller_id)
    number = 1
    while (known := await find(connection, again(refund_id, number))) is not None:
        if (known.order_id, known.seller_id, known.amount) != (order_id, seller_id, amount):
            raise RefundConflict(refund_id)
        if known.live:
            return None
        number += 1
    requested = request(
        order_id,
        share,
        refund_id=again(refund_id, number),
        amount=amount,
        reason=reason,
        given=given(await refunds_of(connection, order_id, seller_id)),
        still_held=await owed(connection, order_id, held(seller_id), share.gross.currency),
        payout=await payout_for(connection, order_id, seller_id),
        commission_returned=commission_returned,
        now=datetime.now(UTC),
        source=source,
    )
    refund = requested.refund
    await connection.execute(
        _WRITE,
        refund.refund_id,
        order_id,
        seller_id,
        amount.amount,
        refund.reversal.amount,
        refund.covered,
        reason,
        refund.requested_at,
    )
    await set_state(connection, order_id, share, requested.share_state)
    await lift(connection, lifted_by(refund))
    await post(connection, requested.posts)
    return refund


async def pay(connection: asyncpg.Connection, refund_id: str, processor_refund_id: str) -> None:
    """The processor has made a refund: told once."""
    if await connection.fetchval(_PAID, refund_id, processor_refund_id) is not None:
        refund = await find(connection, refund_id)
        assert refund is not None  # noqa: S101 - it was changed a line above
        await record(connection, made(refund))


async def lock_share(connection: asyncpg.Connection, order_id: str, seller_id: str) -> SellerOrder:
    """In turn with the claims of payouts: what is on its way to the seller is known then. Raises OrderNotFound."""
    await connection.execute(TURN, seller_id)
    row = await connection.fetchrow(_SHARE, order_id, seller_id)
    if row is None:
        raise OrderNotFound(order_id)
    return _share(row)


async def paid_order(connection: asyncpg.Connection, charge_id: str) -> str | None:
    """The id of a charge's order, once the ledger has its money."""
    order_id: str | None = await connection.fetchval(_PAID_ORDER, charge_id)
    return order_id


async def sellers_of(connection: asyncpg.Connection, order_id: str) -> tuple[str, ...]:
    """The ids of an order's sellers, sorted: the order in which their shares are locked."""
    rows = await connection.fetch("SELECT seller_id FROM seller_orders WHERE order_id = $1 ORDER BY 1", order_id)
    return tuple(row["seller_id"] for row in rows)


async def set_state(connection: asyncpg.Connection, order_id: str, share: SellerOrder, state: SellerOrderState) -> None:
    if state is not share.state:
        await connection.execute(
            "UPDATE seller_orders SET state = $3 WHERE order_id = $1 AND seller_id = $2",
            order_id,
            share.seller_id,
            state,
        )


async def payout_for(connection: asyncpg.Connection, order_id: str, seller_id: str) -> Payout | None:
    row = await connection.fetchrow("SELECT * FROM payouts WHERE order_id = $1 AND seller_id = $2", order_id, seller_id)
    return None if row is None else payout_of(row)


async def find(connection: asyncpg.Connection, refund_id: str) -> Refund | None:
    row = await connection.fetchrow(f"{_READ} WHERE r.refund_id = $1", refund_id)
    return None if row is None else _refund(row)


async def refunds_of(connection: asyncpg.Connection, order_id: str, seller_id: str) -> tuple[Refund, ...]:
    rows = await connection.fetch(f"{_READ} WHERE r.order_id = $1 AND r.seller_id = $2", order_id, seller_id)
    return tuple(map(_refund, rows))


def _share(row: Any) -> SellerOrder:
    gross, commission = Money(row["gross"], row["currency"]), Money(row["commission"], row["currency"])
    return SellerOrder(
        seller_id=row["seller_id"],
        seller_name=row["display_name"],
        gross=gross,
        commission=commission,
        net=gross - commission,
        state=SellerOrderState(row["state"]),
        held_until=row["held_until"],
        transfer_id=row["transfer_id"],
    )


def _refund(row: Any) -> Refund:
    return Refund(
        refund_id=row["refund_id"],
        order_id=row["order_id"],
        seller_id=row["seller_id"],
        amount=Money(row["amount"], row["currency"]),
        reversal=Money(row["reversal"], row["currency"]),
        reason=row["reason"],
        requested_at=row["requested_at"],
        state=RefundState(row["state"]),
        payment_intent_id=row["payment_intent_id"],
        transfer_id=row["transfer_id"],
        processor_refund_id=row["processor_refund_id"],
        reversal_id=row["reversal_id"],
        attempts=row["attempts"],
        covered=row["covered"],
        credited=row["credited"],
    )
