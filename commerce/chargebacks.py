"""Chargebacks: a buyer's bank takes a payment back. The sellers' shares wait until the bank has decided."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto

from commerce.holds import Hold
from commerce.ledger import DISPUTED, FEES, PROCESSOR, LedgerTransaction, transaction
from commerce.money import Money
from commerce.payment_news import DisputeMoved

LOST = "lost"
CLOSED = frozenset({LOST, "won", "warning_closed", "prevented"})
_BY = "payment-webhook"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chargeback:
    """What is known of a dispute. The ledger has `withdrawn` and `fee` of it, from so many `movements`."""

    dispute_id: str
    order_id: str
    amount: Money
    status: str
    as_of: datetime
    withdrawn: int = 0
    fee: int = 0
    movements: int = 0


class Outcome(Enum):
    """What a dispute's news mean for the sellers' shares."""

    WAIT = auto()
    """The bank has not decided: the shares are held."""
    TAKE = auto()
    """It is lost: the shares bear it."""
    RETURN = auto()
    """It was lost, and the bank has changed its mind: what the shares bore comes back."""
    GO_ON = auto()
    """Nothing was taken, and the shares may go."""
    SAME = auto()
    """Only the processor's own movements are new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A dispute as it becomes, what it means for the shares, and the processor's own movements for the ledger."""

    chargeback: Chargeback
    outcome: Outcome
    posts: LedgerTransaction


def move(known: Chargeback | None, news: DisputeMoved, order_id: str) -> Moved | None:
    """What the news of a dispute change, in whatever order they come; None when nothing.

    A decision beats every state before it, and "won" beats "lost": banks change their mind in this direction only.
    """
    before = known or Chargeback(
        dispute_id=news.dispute_id, order_id=order_id, amount=news.amount, status="", as_of=news.at
    )
    outcome = _outcome(before.status, news.status)
    later = news.movements > before.movements
    if outcome is Outcome.SAME and not later:
        return None
    after = before
    if outcome is not Outcome.SAME:
        after = replace(after, status=news.status, amount=news.amount, as_of=news.at)
    if later:
        after = replace(after, withdrawn=news.withdrawn, fee=news.fee, movements=news.movements)
    withdrawn = Money(after.withdrawn - before.withdrawn, news.amount.currency)
    fee = Money(after.fee - before.fee, news.amount.currency)
    return Moved(
        chargeback=after,
        outcome=outcome,
        posts=transaction(
            f"dispute/{news.dispute_id}/{after.movements}",
            order_id,
            [(PROCESSOR, -(withdrawn + fee)), (DISPUTED, withdrawn), (FEES, fee)],
        ),
    )


def _outcome(before: str, told: str) -> Outcome:
    if told == before or (before in CLOSED and told not in CLOSED):
        return Outcome.SAME
    if before == LOST:
        return Outcome.RETURN
    if before in CLOSED:
        return Outcome.SAME
    if told == LOST:
        return Outcome.TAKE
    return Outcome.GO_ON if told in CLOSED else Outcome.WAIT


def hold_of(dispute: DisputeMoved, order_id: str, seller_id: str) -> Hold:
    """What keeps a seller's share of a disputed charge where it is."""
    return Hold(
        hold_id=f"chargeback/{dispute.dispute_id}/{seller_id}",
        seller_id=seller_id,
        order_id=order_id,
        reason=f"chargeback {dispute.dispute_id}",
        placed_by=_BY,
        placed_at=dispute.at,
    )


def lifted_hold_of(dispute: DisputeMoved, order_id: str, seller_id: str) -> Hold:
    """The same when the bank has decided."""
    return replace(
        hold_of(dispute, order_id, seller_id),
        lifted_by=_BY,
        lifted_at=dispute.at,
        lift_reason=f"chargeback {dispute.status}",
    )
