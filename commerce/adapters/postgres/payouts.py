"""Release and transfer of sellers' shares in PostgreSQL."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import asyncpg

from commerce.adapters.postgres.events import record
from commerce.adapters.postgres.ledger import post
from commerce.adapters.postgres.seller_scope import acting_for
from commerce.ledger import held, payable, release_transaction, transfer_transaction
from commerce.money import Money
from commerce.orders import OrderNotFound
from commerce.paging import cursor as cursor_of
from commerce.paging import position
from commerce.payouts import (
    LEASE,
    LOOK_AGAIN_AFTER,
    RETRY_REFUSED_AFTER,
    PaidShare,
    Payout,
    PayoutPage,
    PayoutState,
    must_record_transfer,
    pay_again,
    released,
    sent,
    split_payout,
)

ON_HOLD = """
EXISTS (
    SELECT FROM holds h WHERE h.seller_id = s.seller_id AND h.lifted_at IS NULL
        AND (h.order_id IS NULL OR h.order_id = s.order_id)
)
"""
TURN = "SELECT pg_advisory_xact_lock(hashtextextended('payouts of ' || $1, 0))"
"""Claims and holds of one seller take turns: a hold stops a share, or finds it claimed."""
# `payouts.may_release`, by an index. SKIP LOCKED: several workers release at once, each its own shares. A hold that is
# placed while this runs may come too late for the release: it stops the transfer.
_CLOSED = f"""
SELECT s.order_id, s.seller_id, o.currency FROM seller_orders s JOIN orders o USING (order_id)
WHERE s.state = 'held' AND s.held_until <= $1 AND NOT {ON_HOLD}
ORDER BY s.held_until, s.order_id, s.seller_id LIMIT $2 FOR UPDATE OF s SKIP LOCKED
"""  # noqa: S608 - constants only
# `payouts.may_pay`.
_MAY_PAY = f"""
FROM seller_orders s
JOIN orders o USING (order_id) JOIN sellers USING (seller_id) JOIN connected_accounts a USING (account_id)
LEFT JOIN payouts p USING (order_id, seller_id)
WHERE s.state = 'released' AND s.transfer_id IS NULL AND (p.state IS NULL OR (p.state = 'refused' AND p.due_at <= $1))
    AND a.transfers = 'active' AND NOT {ON_HOLD}
"""
_PAYABLE = f"""
SELECT s.order_id, s.seller_id {_MAY_PAY} ORDER BY s.held_until, s.order_id, s.seller_id LIMIT $2
"""
_ONE_PAYABLE = f"""
SELECT s.order_id, s.seller_id, sellers.account_id, o.currency, o.charge_id, coalesce(p.attempt, 1) AS attempt
{_MAY_PAY} AND s.order_id = $2 AND s.seller_id = $3 FOR UPDATE OF s
"""
_OF_ORDER = """
SELECT coalesce(-sum(e.amount), 0)::bigint FROM ledger_transactions t JOIN ledger_entries e USING (transaction_id)
WHERE t.order_id = $1 AND e.account = $2 AND e.currency = $3
"""
_OF_ACCOUNT = "SELECT coalesce(-sum(amount), 0)::bigint FROM ledger_entries WHERE account = $1 AND currency = $2"
_WAITING = """
SELECT coalesce(-sum(e.amount), 0)::bigint
FROM seller_orders s LEFT JOIN payouts p USING (order_id, seller_id)
JOIN ledger_transactions t USING (order_id) JOIN ledger_entries e USING (transaction_id)
WHERE s.seller_id = $1 AND s.state = 'released' AND s.transfer_id IS NULL AND (p.state IS NULL OR p.state = 'refused')
    AND e.account = $2 AND e.currency = $3
"""
_CLAIMED = """
SELECT coalesce(sum(amount), 0)::bigint FROM payouts WHERE seller_id = $1 AND currency = $2 AND state = 'claimed'
"""
_REVERSING = """
SELECT coalesce(sum(r.reversal), 0)::bigint FROM refunds r JOIN orders o USING (order_id)
WHERE r.seller_id = $1 AND o.currency = $2 AND r.state IN ('requested', 'paid')
"""
# `refunds.unreversed`.
_NOT_REVERSED = """
UPDATE refunds SET reversal = 0, state = CASE WHEN state = 'paid' THEN 'settled' ELSE state END
WHERE order_id = $1 AND seller_id = $2 AND state IN ('requested', 'paid') AND reversal > 0
"""
_CLAIM = """
INSERT INTO payouts AS p (order_id, seller_id, account_id, currency, amount, recovered, source_charge, state, attempt,
    claimed_at, due_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (order_id, seller_id) DO UPDATE
SET account_id = $3, amount = $5, recovered = $6, state = $8, claimed_at = $10, due_at = $11
RETURNING p.*
"""
# Whom `payouts.pay_again` is asked about.
_LOOK_AGAIN = """
WITH due AS MATERIALIZED (
    SELECT refund_id FROM refunds WHERE state = 'failed' AND due_at <= $1
    ORDER BY due_at, refund_id LIMIT $3 FOR UPDATE SKIP LOCKED
)
UPDATE refunds r SET due_at = $2 FROM due, orders o WHERE r.refund_id = due.refund_id AND o.order_id = r.order_id
RETURNING r.seller_id, o.currency
"""
# `payouts.was_paid`.
_PAID_SHARES = f"""
SELECT p.*, sellers.account_id AS current_account, -sum(e.amount)::bigint AS due, {ON_HOLD} AS on_hold,
    a.transfers = 'active' AND NOT EXISTS (
        SELECT FROM refunds r WHERE r.order_id = s.order_id AND r.seller_id = s.seller_id
            AND r.state IN ('requested', 'paid') AND r.reversal > 0
    ) AS ready
FROM payouts p JOIN seller_orders s USING (order_id, seller_id) JOIN sellers USING (seller_id)
JOIN connected_accounts a ON a.account_id = sellers.account_id
JOIN ledger_transactions t USING (order_id) JOIN ledger_entries e USING (transaction_id)
WHERE p.seller_id = $1 AND e.account = $2 AND e.currency = $3 AND s.state = 'released'
    AND (p.state IN ('sent', 'settled') OR (p.state = 'refused' AND cardinality(p.earlier_transfers) > 0))
GROUP BY p.order_id, p.seller_id, s.order_id, s.seller_id, sellers.account_id, a.transfers
HAVING sum(e.amount) < 0 ORDER BY p.order_id
"""  # noqa: S608 - constants only
_PAY_AGAIN = """
UPDATE payouts
SET account_id = $3, amount = $4, recovered = 0, source_charge = NULL, state = 'claimed', attempt = $5,
    transfer_id = NULL, earlier_transfers = $6, claimed_at = $7, due_at = $8
WHERE order_id = $1 AND seller_id = $2
"""
_UNSETTLED = """
WITH due AS MATERIALIZED (
    SELECT order_id, seller_id FROM payouts WHERE state = 'claimed' AND due_at <= $1
    ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED
)
UPDATE payouts p SET due_at = $2 FROM due WHERE (p.order_id, p.seller_id) = (due.order_id, due.seller_id)
RETURNING p.*
"""
_REFUSED = """
UPDATE payouts SET state = 'refused', refusal = $3, attempt = attempt + 1, due_at = $4
WHERE order_id = $1 AND seller_id = $2 AND state = 'claimed' RETURNING true
"""
_LOCKED = "SELECT * FROM payouts WHERE order_id = $1 AND seller_id = $2 FOR UPDATE"
_PAGE = """
SELECT * FROM payouts
WHERE seller_id = $1 AND ($2::timestamptz IS NULL OR (claimed_at, order_id) < ($2, $3))
ORDER BY claimed_at DESC, order_id DESC LIMIT $4
"""


_HELD = "SELECT coalesce(sum(gross - commission), 0) FROM seller_orders WHERE state = 'held'"


class PostgresPayouts:
    """`commerce.ports.Payouts` over a pool of connections."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def release_due(self, now: datetime, limit: int = 100) -> int:
        async with self._pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(_CLOSED, now, limit)
            for row in rows:
                share = (row["order_id"], row["seller_id"])
                amount = await owed(connection, row["order_id"], held(row["seller_id"]), row["currency"])
                await connection.execute(
                    "UPDATE seller_orders SET state = 'released' WHERE order_id = $1 AND seller_id = $2", *share
                )
                await post(connection, release_transaction(*share, amount))
                await record(connection, released(*share, amount))
        return len(rows)

    async def held(self) -> int:
        return int(await self._pool.fetchval(_HELD))

    async def claim(self, now: datetime, limit: int = 100) -> tuple[Payout, ...]:
        again = await self._pool.fetch(_UNSETTLED, now, now + LEASE, limit)
        claimed = [payout_of(row) for row in again]
        for row in await self._pool.fetch(_PAYABLE, now, limit - len(claimed)):
            payout = await self._claim(row["order_id"], row["seller_id"], now)
            if payout is not None and payout.state is PayoutState.CLAIMED:
                claimed.append(payout)
        looked_at = await self._pool.fetch(_LOOK_AGAIN, now, now + LOOK_AGAIN_AFTER, limit - len(claimed))
        for seller_id, currency in sorted({(row["seller_id"], row["currency"]) for row in looked_at}):
            claimed += await self._claim_again(seller_id, currency, now)
        return tuple(claimed)

    async def _claim_again(self, seller_id: str, currency: str, now: datetime) -> tuple[Payout, ...]:
        account = payable(seller_id)
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(TURN, seller_id)
            paid = await connection.fetch(_PAID_SHARES, seller_id, account, currency)
            payouts = pay_again(
                map(_paid_share, paid),
                balance=Money(await connection.fetchval(_OF_ACCOUNT, account, currency), currency),
                waiting=Money(await connection.fetchval(_WAITING, seller_id, account, currency), currency),
                claimed=Money(await connection.fetchval(_CLAIMED, seller_id, currency), currency),
                now=now,
            )
            for payout in payouts:
                await connection.execute(
                    _PAY_AGAIN,
                    payout.order_id,
                    seller_id,
                    payout.account_id,
                    payout.amount.amount,
                    payout.attempt,
                    list(payout.earlier_transfers),
                    now,
                    now + LEASE,
                )
        return payouts

    async def _claim(self, order_id: str, seller_id: str, now: datetime) -> Payout | None:
        """One share per transaction. What is read after the seller's turn has come is what earlier holders of it
        committed."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(TURN, seller_id)
            row = await connection.fetchrow(_ONE_PAYABLE, now, order_id, seller_id)
            if row is None:
                return None
            account, currency = payable(seller_id), row["currency"]
            amount, recovered = split_payout(
                await owed(connection, order_id, account, currency),
                balance=Money(await connection.fetchval(_OF_ACCOUNT, account, currency), currency),
                waiting=Money(await connection.fetchval(_WAITING, seller_id, account, currency), currency),
                claimed=Money(await connection.fetchval(_CLAIMED, seller_id, currency), currency),
                reversing=Money(await connection.fetchval(_REVERSING, seller_id, currency), currency),
            )
            state = PayoutState.CLAIMED if amount.amount else PayoutState.SETTLED
            made = await connection.fetchrow(
                _CLAIM,
                order_id,
                seller_id,
                row["account_id"],
                currency,
                amount.amount,
                recovered.amount,
                row["charge_id"],
                state,
                row["attempt"],
                now,
                now + LEASE,
            )
            return payout_of(made)

    async def record_transfer(self, order_id: str, seller_id: str, transfer_id: str) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            payout = await _locked(connection, order_id, seller_id)
            if must_record_transfer(payout, transfer_id):
                await connection.execute(
                    "UPDATE payouts SET state = 'sent', transfer_id = $3, refusal = NULL "
                    "WHERE order_id = $1 AND seller_id = $2",
                    order_id,
                    seller_id,
                    transfer_id,
                )
                await connection.execute(
                    "UPDATE seller_orders SET transfer_id = $3 WHERE order_id = $1 AND seller_id = $2",
                    order_id,
                    seller_id,
                    transfer_id,
                )
                number = len(payout.earlier_transfers) + 1
                await post(connection, transfer_transaction(order_id, seller_id, payout.amount, number))
                await record(connection, sent(payout, transfer_id))

    async def record_refusal(self, order_id: str, seller_id: str, reason: str, now: datetime) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(TURN, seller_id)
            if await connection.fetchval(_REFUSED, order_id, seller_id, reason, now + RETRY_REFUSED_AFTER):
                # Nothing went out, so nothing can come back: the next claim is less by what was refunded.
                await connection.execute(_NOT_REVERSED, order_id, seller_id)

    async def of_seller(self, seller_id: str, limit: int, cursor: str | None = None) -> PayoutPage:
        after = position(cursor) if cursor else (None, "")
        async with acting_for(self._pool, seller_id) as connection:
            rows = await connection.fetch(_PAGE, seller_id, *after, limit + 1)
        items = tuple(payout_of(row) for row in rows[:limit])
        last = items[-1] if len(rows) > limit else None
        return PayoutPage(items=items, next_cursor=cursor_of((last.claimed_at, last.order_id)) if last else None)


async def owed(connection: asyncpg.Connection, order_id: str, account: str, currency: str) -> Money:
    """What the ledger has for the seller on one account of one order."""
    return Money(await connection.fetchval(_OF_ORDER, order_id, account, currency), currency)


async def _locked(connection: asyncpg.Connection, order_id: str, seller_id: str) -> Payout:
    row = await connection.fetchrow(_LOCKED, order_id, seller_id)
    if row is None:
        raise OrderNotFound(order_id)
    return payout_of(row)


def payout_of(row: Any) -> Payout:
    return Payout(
        order_id=row["order_id"],
        seller_id=row["seller_id"],
        account_id=row["account_id"],
        amount=Money(row["amount"], row["currency"]),
        recovered=Money(row["recovered"], row["currency"]),
        claimed_at=row["claimed_at"],
        state=PayoutState(row["state"]),
        attempt=row["attempt"],
        source_charge=row["source_charge"],
        transfer_id=row["transfer_id"],
        refusal=row["refusal"],
        earlier_transfers=tuple(row["earlier_transfers"]),
    )


def _paid_share(row: Any) -> PaidShare:
    return PaidShare(
        payout=payout_of(row),
        due=Money(row["due"], row["currency"]),
        account_id=row["current_account"],
        on_hold=row["on_hold"],
        ready=row["ready"],
    )
