"""Suspending a seller: its offers are neither shown nor sold, and its shares stay where they are, until it is lifted.

Orders that were accepted before go on: their buyers have paid, and the goods may be on their way.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from commerce.audit import AuditEntry
from commerce.cases import Actor
from commerce.errors import MarketplaceError
from commerce.events import DomainEvent, EventType
from commerce.holds import Hold, suspension_hold_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Whether a seller may sell. `suspended_at` and `reason` are null for one that may."""

    seller_id: str
    display_name: str
    suspended_at: datetime | None = None
    reason: str | None = None

    @property
    def suspended(self) -> bool:
        return self.suspended_at is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingPage:
    """Sellers by their ids. `next_cursor` is opaque, null on the last page."""

    items: tuple[Standing, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingChange:
    """The seller's standing as it becomes, the hold that is placed or lifted with it, and what is told."""

    standing: Standing
    event: DomainEvent
    audit: AuditEntry
    hold: Hold


def hold_of(standing: Standing, actor: Actor, reason: str, now: datetime) -> Hold:
    """What keeps everything of a suspended seller from being paid out; lifted when the seller is reinstated."""
    if standing.suspended_at is None:
        return Hold(
            hold_id=suspension_hold_id(standing.seller_id),
            seller_id=standing.seller_id,
            order_id=None,
            reason="suspension",
            placed_by=actor.user_id,
            placed_at=now,
            lifted_by=actor.user_id,
            lifted_at=now,
            lift_reason=reason,
        )
    return Hold(
        hold_id=suspension_hold_id(standing.seller_id),
        seller_id=standing.seller_id,
        order_id=None,
        reason=reason,
        placed_by=actor.user_id,
        placed_at=now,
    )


def suspend(standing: Standing, actor: Actor, reason: str, now: datetime) -> StandingChange | None:
    """None for a seller that is suspended already: the first reason stays."""
    if standing.suspended:
        return None
    return _changed(standing, replace(standing, suspended_at=now, reason=reason), actor, reason, now)


def reinstate(standing: Standing, actor: Actor, reason: str, now: datetime) -> StandingChange | None:
    """None for a seller that may sell."""
    if not standing.suspended:
        return None
    return _changed(standing, replace(standing, suspended_at=None, reason=None), actor, reason, now)


def _changed(before: Standing, after: Standing, actor: Actor, reason: str, now: datetime) -> StandingChange:
    action, type = (
        ("seller_suspended", EventType.SELLER_SUSPENDED)
        if after.suspended
        else ("seller_reinstated", EventType.SELLER_REINSTATED)
    )
    return StandingChange(
        standing=after,
        hold=hold_of(after, actor, reason, now),
        event=DomainEvent(type=type, subject_id=after.seller_id, data={"seller_id": after.seller_id}),
        audit=AuditEntry(
            actor_id=actor.user_id,
            role=actor.party,
            action=action,
            subject_type="seller",
            subject_id=after.seller_id,
            before={"suspended": before.suspended, "reason": before.reason},
            after={"suspended": after.suspended, "reason": after.reason},
            reason=reason,
            happened_at=now,
        ),
    )


class SellerNotFound(MarketplaceError):
    status = 404
    code = "seller-not-found"
    title = "There is no such seller"

    def __init__(self, seller_id: str) -> None:
        super().__init__(f"There is no seller {seller_id}.", seller_id=seller_id)
        self.seller_id = seller_id
