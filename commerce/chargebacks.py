"""Chargebacks: a buyer's bank takes a payment back. The sellers' shares wait until the bank has decided."""

from __future__ import annotations

from commerce.holds import Hold
from commerce.payment_news import DisputeMoved

LOST = "lost"
CLOSED = frozenset({LOST, "won", "warning_closed", "prevented"})
_BY = "payment-webhook"


def is_news(known: str | None, told: str) -> bool:
    """Whether a status changes anything: what the bank has decided stays, in whatever order the news come."""
    return known != told and known not in CLOSED


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
    open_hold = hold_of(dispute, order_id, seller_id)
    return Hold(
        hold_id=open_hold.hold_id,
        seller_id=seller_id,
        order_id=order_id,
        reason=open_hold.reason,
        placed_by=_BY,
        placed_at=dispute.at,
        lifted_by=_BY,
        lifted_at=dispute.at,
        lift_reason=f"chargeback {dispute.status}",
    )
