"""Refunds in PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import asyncpg

from commerce.adapters.postgres.ledger import post
from commerce.adapters.postgres.payouts import TURN, payout_of
from commerce.ledger import held, reversal_transaction
from commerce.money import Money
from commerce.orders import OrderNotFound, SellerOrder, SellerOrderState
from commerce.refunds import Refund, RefundConflict, RefundState, request

_SHARE = """
SELECT s.*, o.currency, p.display_name
FROM seller_orders s JOIN orders o USING (order_id) JOIN sellers p USING (seller_id)
WHERE s.order_id = $1 AND s.seller_id = $2 FOR UPDATE OF s
"""
_HELD = """
SELECT coalesce(-sum(e.amount), 0)::bigint FROM ledger_transactions t JOIN ledger_entries e USING (transaction_id)
WHERE t.order_id = $1 AND e.account = $2 AND e.currency = $3
"""
_READ = """
SELECT r.*, o.currency, o.payment_intent_id, s.transfer_id
FROM refunds r JOIN orders o USING (order_id) JOIN seller_orders s USING (order_id, seller_id)
"""
_WRITE = """
INSERT INTO refunds (refund_id, order_id, seller_id, amount, reversal, reason, requested_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
# A reversal waits for the transfer that it takes from.
_DUE = f"""
{_READ} WHERE r.due_at <= $1
    AND (r.state = 'requested' OR (r.state = 'paid' AND r.reversal > 0 AND s.transfer_id IS NOT NULL))
ORDER BY r.due_at, r.refund_id LIMIT $2
"""
_ATTEMPT = """
UPDATE refunds SET attempts = attempts + 1, due_at = $2 + least(power(2, attempts), 360) * interval '1 minute'
WHERE refund_id = $1
"""


class PostgresRefunds:
    """`commerce.ports.Refunds` over a pool of connections. `commission_returned`: see `refunds.request`."""

    def __init__(self, pool: asyncpg.Pool, *, commission_returned: bool) -> None:
        self._pool = pool
        self._commission_returned = commission_returned

    async def request(self, order_id: str, seller_id: str, amount: Money, refund_id: str, reason: str) -> bool:
        async with self._pool.acquire() as connection, connection.transaction():
            # With the claims of payouts: what is on its way to the seller is known then.
            await connection.execute(TURN, seller_id)
            row = await connection.fetchrow(_SHARE, order_id, seller_id)
            if row is None:
                raise OrderNotFound(order_id)
            known = await connection.fetchrow(f"{_READ} WHERE r.refund_id = $1", refund_id)
            if known is not None:
                if (known["order_id"], known["seller_id"], known["amount"]) != (order_id, seller_id, amount.amount):
                    raise RefundConflict(refund_id)
                return False
            share, currency = _share(row), row["currency"]
            refunded = await connection.fetchval(
                "SELECT coalesce(sum(amount), 0)::bigint FROM refunds WHERE order_id = $1 AND seller_id = $2",
                order_id,
                seller_id,
            )
            still_held = await connection.fetchval(_HELD, order_id, held(seller_id), currency)
            payout = await connection.fetchrow(
                "SELECT * FROM payouts WHERE order_id = $1 AND seller_id = $2", order_id, seller_id
            )
            requested = request(
                order_id,
                share,
                refund_id=refund_id,
                amount=amount,
                reason=reason,
                refunded=Money(refunded, currency),
                still_held=Money(still_held, currency),
                payout=None if payout is None else payout_of(payout),
                commission_returned=self._commission_returned,
                now=datetime.now(UTC),
            )
            refund = requested.refund
            await connection.execute(
                _WRITE,
                refund_id,
                order_id,
                seller_id,
                amount.amount,
                refund.reversal.amount,
                reason,
                refund.requested_at,
            )
            if requested.share_state is not share.state:
                await connection.execute(
                    "UPDATE seller_orders SET state = $3 WHERE order_id = $1 AND seller_id = $2",
                    order_id,
                    seller_id,
                    requested.share_state,
                )
            await post(connection, requested.posts)
        return True

    async def due(self, now: datetime, limit: int = 100) -> tuple[Refund, ...]:
        return tuple(_refund(row) for row in await self._pool.fetch(_DUE, now, limit))

    async def record_paid(self, refund_id: str, processor_refund_id: str) -> None:
        await self._pool.execute(
            "UPDATE refunds SET processor_refund_id = $2, attempts = 0, due_at = now(), "
            "state = CASE WHEN reversal = 0 THEN 'settled' ELSE 'paid' END "
            "WHERE refund_id = $1 AND state = 'requested'",
            refund_id,
            processor_refund_id,
        )

    async def record_reversed(self, refund_id: str, reversal_id: str) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            settled = await connection.fetchval(
                "UPDATE refunds SET state = 'settled', reversal_id = $2 WHERE refund_id = $1 AND state = 'paid' "
                "RETURNING refund_id",
                refund_id,
                reversal_id,
            )
            if settled is not None:
                refund = _refund(await connection.fetchrow(f"{_READ} WHERE r.refund_id = $1", refund_id))
                await post(
                    connection,
                    reversal_transaction(refund.order_id, refund.seller_id, refund.refund_id, refund.reversal),
                )

    async def record_attempt(self, refund_id: str, now: datetime) -> None:
        await self._pool.execute(_ATTEMPT, refund_id, now)


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
    )
