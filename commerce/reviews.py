"""The review of orders that look fraudulent: an administrator lets one go on, or stops it, once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from commerce import transitions
from commerce.audit import AuditEntry
from commerce.cases import Actor
from commerce.errors import MarketplaceError
from commerce.events import EventType
from commerce.fraud import Assessment, Verdict
from commerce.orders import Order, StopReason, WaitsFor
from commerce.transitions import Transition, order_event


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """An order and what was found suspicious about it."""

    order: Order
    assessment: Assessment
    assessed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPage:
    """Orders that wait for a review, longest first. `next_cursor` is opaque, null on the last page."""

    items: tuple[Review, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewChange:
    """The assessment with its verdict, what becomes of the order, and the audit entry."""

    assessment: Assessment
    transition: Transition
    audit: AuditEntry


def give_verdict(order: Order, assessment: Assessment, actor: Actor, verdict: Verdict) -> ReviewChange | None:
    """The order goes on, or is stopped. None for the same verdict of the same administrator once more.

    Raises NotUnderReview when the order does not wait for a review, or not any more.
    """
    known = assessment.verdict
    if known is not None and (known.approved, known.actor_id) == (verdict.approved, verdict.actor_id):
        return None
    if known is not None or order.waits_for is not WaitsFor.REVIEW:
        raise NotUnderReview(order.order_id)
    if order.buyer_id == actor.user_id:
        raise OwnOrder(order.order_id)
    transition = (
        transitions.resume(order, WaitsFor.REVIEW) if verdict.approved else transitions.stop(order, StopReason.REJECTED)
    )
    if transition is None:
        raise NotUnderReview(order.order_id)
    event = order_event(EventType.REVIEW_DECIDED, order, verdict="approved" if verdict.approved else "refused")
    return ReviewChange(
        assessment=replace(assessment, verdict=verdict),
        transition=replace(transition, events=(*transition.events, event)),
        audit=AuditEntry(
            actor_id=actor.user_id,
            role=actor.party,
            action="order_approved" if verdict.approved else "order_refused",
            subject_type="order",
            subject_id=order.order_id,
            before={"decision": assessment.decision.value, "score": assessment.score},
            after={"approved": verdict.approved},
            reason=verdict.reason,
            happened_at=verdict.given_at,
        ),
    )


class NotUnderReview(MarketplaceError):
    """Somebody decided before, the order was canceled, or its time ran out."""

    status = 409
    code = "not-under-review"
    title = "The order does not wait for a review"

    def __init__(self, order_id: str) -> None:
        super().__init__(f"Order {order_id} does not wait for a review, or not any more.", order_id=order_id)
        self.order_id = order_id


class OwnOrder(MarketplaceError):
    """Nobody reviews their own order."""

    status = 403
    code = "own-order"
    title = "This is your own order"

    def __init__(self, order_id: str) -> None:
        super().__init__(f"Order {order_id} is your own: somebody else must review it.", order_id=order_id)
        self.order_id = order_id
