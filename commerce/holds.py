"""Holds: what keeps a share, or everything of a seller, from being paid out, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from commerce.audit import AuditEntry
from commerce.errors import MarketplaceError

_MANUAL = "manual/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """`hold_id` is a business id: `manual/<order>/<seller>`, `chargeback/<dispute>`, `suspension/<seller>`.

    Without an order it holds everything of the seller. It is open until somebody lifts it; several can be open at
    once, and the share waits for all of them.
    """

    hold_id: str
    seller_id: str
    order_id: str | None
    reason: str
    placed_by: str
    placed_at: datetime
    lifted_by: str | None = None
    lifted_at: datetime | None = None
    lift_reason: str | None = None

    @property
    def open(self) -> bool:
        return self.lifted_at is None

    def holds(self, order_id: str, seller_id: str) -> bool:
        """Whether this share must not be paid out because of it."""
        return self.open and self.seller_id == seller_id and self.order_id in (None, order_id)


def manual_hold_id(order_id: str, seller_id: str) -> str:
    """A share has one hold by hand at a time."""
    return f"{_MANUAL}{order_id}/{seller_id}"


def case_hold_id(case_id: str) -> str:
    """A case holds the share that it is about, until it is closed."""
    return f"case/{case_id}"


def suspension_hold_id(seller_id: str) -> str:
    """A suspension holds everything of the seller."""
    return f"suspension/{seller_id}"


def by_hand(hold: Hold) -> AuditEntry | None:
    """The entry of the audit log for a hold that staff placed or lifted by hand; None for one that follows from
    something else."""
    if not hold.hold_id.startswith(_MANUAL):
        return None
    lifted = hold.lifted_at is not None and hold.lifted_by is not None and hold.lift_reason is not None
    return AuditEntry(
        actor_id=hold.lifted_by or hold.placed_by,
        role="staff",
        action="share_let_go" if lifted else "share_held",
        subject_type="share",
        subject_id=f"{hold.order_id}/{hold.seller_id}",
        before={"on_hold": lifted},
        after={"on_hold": not lifted},
        reason=hold.lift_reason or hold.reason,
        happened_at=hold.lifted_at or hold.placed_at,
    )


class HoldNotFound(MarketplaceError):
    status = 404
    code = "hold-not-found"
    title = "There is no such hold"

    def __init__(self, hold_id: str) -> None:
        super().__init__(f"There is no open hold {hold_id}.", hold_id=hold_id)
        self.hold_id = hold_id


class ShareAlreadyPaid(MarketplaceError):
    """The share is on its way to the seller, or has arrived: a hold would hold nothing."""

    status = 409
    code = "share-already-paid"
    title = "The share has been paid out"

    def __init__(self, order_id: str, seller_id: str) -> None:
        super().__init__(
            f"The share of seller {seller_id} in order {order_id} has been paid out. Refund the buyer instead: that "
            "reverses the transfer.",
            order_id=order_id,
            seller_id=seller_id,
        )
