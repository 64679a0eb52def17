"""What the payment processor tells of refunds, applied in the transaction that remembers its event."""

from __future__ import annotations

from datetime import UTC, datetime

import asyncpg

from commerce.adapters.postgres.holds import place
from commerce.adapters.postgres.ledger import post, read_transaction
from commerce.adapters.postgres.refunds import (
    book,
    find,
    lock_share,
    paid_order,
    pay,
    payout_for,
    refunds_of,
    sellers_of,
    set_state,
)
from commerce.ledger import PROCESSOR, reversed_transaction
from commerce.money import Money
from commerce.payment_news import RefundFailed, RefundMade
from commerce.refunds import Failed, fail, given, ledger_id, lost, lost_id, parts_of

# News of one refund take turns: of two at once the later sees what the earlier did.
_TURN = "SELECT pg_advisory_xact_lock(hashtextextended('refund ' || $1, 0))"
_KNOWN = """
SELECT refund_id FROM refunds WHERE refund_id = $1 OR processor_refund_id = $2 ORDER BY seller_id, refund_id
"""
_EARLY = "INSERT INTO failed_refunds (processor_refund_id, reason) VALUES ($1, $2) ON CONFLICT DO NOTHING"
_FAILED = "UPDATE refunds SET state = 'failed', processor_refund_id = $2, credited = $3 WHERE refund_id = $1"
REASON = "made at the payment processor"


async def refund_made(connection: asyncpg.Connection, news: RefundMade, *, commission_returned: bool) -> bool:
    """Ours is paid. One that was made at the processor itself is booked, once, on the sellers of the charge. False when
    the charge is not known yet."""
    if news.refund_id is not None:
        await pay(connection, news.refund_id, news.processor_refund_id)
        return True
    await connection.execute(_TURN, news.processor_refund_id)
    order_id = await paid_order(connection, news.charge_id)
    if order_id is None:
        return False
    failed = await connection.fetchval(
        "SELECT true FROM failed_refunds WHERE processor_refund_id = $1", news.processor_refund_id
    )
    if failed or await connection.fetch(_KNOWN, None, news.processor_refund_id):
        return True
    await give_back(
        connection,
        order_id,
        news.amount,
        processor_id=news.processor_refund_id,
        reason=REASON,
        commission_returned=commission_returned,
    )
    return True


async def give_back(
    connection: asyncpg.Connection,
    order_id: str,
    amount: Money,
    *,
    processor_id: str,
    reason: str,
    commission_returned: bool,
    source: str = PROCESSOR,
) -> None:
    """Book what the processor has taken from the platform for a charge on its sellers, the rest as the platform's."""
    shares = [await lock_share(connection, order_id, seller_id) for seller_id in await sellers_of(connection, order_id)]
    lefts = []
    for share in shares:
        before = given(await refunds_of(connection, order_id, share.seller_id)).refunded
        lefts.append(share.gross - Money(before, share.gross.currency))
    parts, rest = parts_of(amount, lefts)
    for share, part in zip(shares, parts, strict=True):
        if part.amount:
            refund_id = f"{processor_id}/{share.seller_id}"
            await book(
                connection,
                order_id,
                share.seller_id,
                part,
                refund_id=refund_id,
                reason=reason,
                commission_returned=commission_returned,
                source=source,
            )
            await pay(connection, refund_id, processor_id)
    if rest.amount:
        await post(connection, lost(processor_id, order_id, rest, source))


async def take_back(connection: asyncpg.Connection, processor_id: str) -> None:
    """The money of `give_back` came back to the platform: so does what its sellers and the platform bore."""
    for row in await connection.fetch(_KNOWN, None, processor_id):
        await _undo(connection, row["refund_id"], processor_id, "the chargeback was won after all")
    if (rest := await read_transaction(connection, lost_id(processor_id))) is not None:
        await post(connection, reversed_transaction(rest))


async def refund_failed(connection: asyncpg.Connection, news: RefundFailed) -> None:
    """The money of a refund came back: the ledger takes it back, and the share waits until the buyer is paid."""
    await connection.execute(_TURN, news.processor_refund_id)
    known = await connection.fetch(_KNOWN, news.refund_id, news.processor_refund_id)
    if not known and news.refund_id is None:
        await connection.execute(_EARLY, news.processor_refund_id, news.reason)
    for row in known:
        failed = await _undo(connection, row["refund_id"], news.processor_refund_id, news.reason)
        if failed is not None:
            await place(connection, failed.hold)


async def _undo(connection: asyncpg.Connection, refund_id: str, processor_id: str, reason: str) -> Failed | None:
    named = await find(connection, refund_id)
    if named is None:
        return None
    share = await lock_share(connection, named.order_id, named.seller_id)
    refund = await find(connection, refund_id)
    posted = await read_transaction(connection, ledger_id(named))
    if refund is None or posted is None:
        return None
    failed = fail(
        refund,
        share,
        processor_refund_id=processor_id,
        posted=posted,
        payout=await payout_for(connection, refund.order_id, refund.seller_id),
        reason=reason,
        now=datetime.now(UTC),
    )
    if failed is not None:
        after = failed.refund
        await connection.execute(_FAILED, refund_id, after.processor_refund_id, after.credited)
        await set_state(connection, refund.order_id, share, failed.share_state)
        await post(connection, failed.posts)
    return failed
