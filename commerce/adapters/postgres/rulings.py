"""What follows from the decision of a case, in its transaction."""

from __future__ import annotations

import asyncpg

from commerce.adapters.postgres.events import record
from commerce.adapters.postgres.ledger import post
from commerce.adapters.postgres.payouts import owed
from commerce.adapters.postgres.reading import read_order
from commerce.adapters.postgres.refunds import book
from commerce.case_rules import must_release, refund_of
from commerce.cases import Case, Outcome
from commerce.ledger import held, release_transaction
from commerce.payouts import released

_LOCK = "SELECT 1 FROM seller_orders WHERE order_id = $1 AND seller_id = $2 FOR UPDATE"
_RELEASE = "UPDATE seller_orders SET state = 'released' WHERE order_id = $1 AND seller_id = $2"


async def carry_out(connection: asyncpg.Connection, case: Case, *, commission_returned: bool) -> None:
    """Move the money that the decision of a case is about. The share is read after it was locked: the payouts may have
    released it meanwhile."""
    if (amount := refund_of(case)) is not None:
        await book(
            connection,
            case.order_id,
            case.seller_id,
            amount,
            refund_id=case.refund_id,
            reason=f"case: {case.reason}",
            commission_returned=commission_returned,
        )
    if case.decision is None or case.decision.outcome is not Outcome.RELEASE:
        return
    share = (case.order_id, case.seller_id)
    await connection.execute(_LOCK, *share)
    if must_release(await read_order(connection, case.order_id), case.seller_id):
        amount = await owed(connection, case.order_id, held(case.seller_id), case.claimed.currency)
        await connection.execute(_RELEASE, *share)
        await post(connection, release_transaction(*share, amount))
        await record(connection, released(*share, amount))
