"""What the dispute service sends and receives."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from commerce.audit import MAXIMUM_REASON, AuditPage, RecordedEntry
from commerce.cases import MAXIMUM_TEXT, Case, CasePage, CaseReason, Message, Outcome, Party, Ruling
from commerce.catalog import MAXIMUM_UNIT_PRICE
from commerce.money import Money
from commerce.orders import Order, OrderPage
from commerce.reviews import Review, ReviewPage
from commerce.suspension import Standing, StandingPage
from services.http.edge import Body, Line, OpaqueId, Prose
from services.http.money import MoneyBody

MAXIMUM_CLAIM = 10_000 * MAXIMUM_UNIT_PRICE


def _said(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text


Text = Annotated[Prose, Field(min_length=1, max_length=MAXIMUM_TEXT), AfterValidator(_said)]
Reason = Annotated[Line, Field(min_length=1, max_length=MAXIMUM_REASON)]
Amount = Annotated[int | None, Field(ge=1, le=MAXIMUM_CLAIM)]


class ComplaintRequest(Body):
    """`amount`, in minor units, is all that the seller's part cost unless it is given."""

    order_id: OpaqueId = Field(max_length=64)
    seller_id: OpaqueId = Field(max_length=128)
    reason: CaseReason = Field(strict=False)
    text: Text
    amount: Amount = None


class MessageRequest(Body):
    """A message: what happened, and where the evidence is."""

    text: Text


class ReasonRequest(Body):
    """Why: it is kept in the audit log."""

    reason: Reason


class RulingRequest(Body):
    """How a case ends. A refund gives back `amount`, in minor units, or what was claimed."""

    outcome: Outcome = Field(strict=False)
    reason: Reason
    amount: Amount = None

    def ruling(self, actor_id: str, currency: str) -> Ruling:
        return Ruling(
            outcome=self.outcome,
            actor_id=actor_id,
            reason=self.reason,
            given_at=datetime.now(UTC),
            amount=None if self.amount is None else Money(self.amount, currency),
        )


class VerdictRequest(Body):
    """Whether the order may go on, and why."""

    approved: bool
    reason: Reason


class MessageBody(BaseModel):
    """A message and who wrote it: the buyer, the seller, support or an administrator."""

    author: Party
    text: str
    written_at: datetime

    @classmethod
    def of(cls, message: Message) -> MessageBody:
        return cls(author=message.party, text=message.text, written_at=message.written_at)


class RulingBody(BaseModel):
    """How a case should end, or ends."""

    outcome: Outcome
    amount: MoneyBody | None
    reason: str
    given_at: datetime

    @classmethod
    def of(cls, ruling: Ruling | None) -> RulingBody | None:
        if ruling is None:
            return None
        return cls(
            outcome=ruling.outcome,
            amount=MoneyBody.of(ruling.amount) if ruling.amount else None,
            reason=ruling.reason,
            given_at=ruling.given_at,
        )


class CaseBody(BaseModel):
    """A case. `due_at` is when the present turn ends. A list leaves the messages out."""

    case_id: str
    order_id: str
    seller_id: str
    buyer_id: str
    reason: CaseReason
    claimed: MoneyBody
    state: str
    opened_at: datetime
    due_at: datetime | None
    proposal: RulingBody | None
    decision: RulingBody | None
    messages: list[MessageBody]

    @classmethod
    def of(cls, case: Case) -> CaseBody:
        return cls(
            case_id=case.case_id,
            order_id=case.order_id,
            seller_id=case.seller_id,
            buyer_id=case.buyer_id,
            reason=case.reason,
            claimed=MoneyBody.of(case.claimed),
            state=case.state,
            opened_at=case.opened_at,
            due_at=case.due_at,
            proposal=RulingBody.of(case.proposal),
            decision=RulingBody.of(case.decision),
            messages=[MessageBody.of(message) for message in case.messages],
        )


class CasePageBody(BaseModel):
    """`next_cursor` is null on the last page."""

    items: list[CaseBody]
    next_cursor: str | None

    @classmethod
    def of(cls, page: CasePage) -> CasePageBody:
        return cls(items=[CaseBody.of(case) for case in page.items], next_cursor=page.next_cursor)


class ReviewBody(BaseModel):
    """An order and its assessment. `score` and `model` are null when the rules decided, `approved` and what follows
    until an administrator has."""

    order_id: str
    buyer_id: str
    total: MoneyBody
    status: str
    waits_until: datetime | None
    assessed_at: datetime
    decision: str
    decided_by: str
    score: float | None
    model: str | None
    reasons: list[str]
    features: dict[str, float]
    approved: bool | None
    verdict_by: str | None
    verdict_reason: str | None

    @classmethod
    def of(cls, review: Review) -> ReviewBody:
        order, assessment, verdict = review.order, review.assessment, review.assessment.verdict
        return cls(
            order_id=order.order_id,
            buyer_id=order.buyer_id,
            total=MoneyBody.of(order.total),
            status=order.status,
            waits_until=order.waits_until if order.waits_for else None,
            assessed_at=review.assessed_at,
            decision=assessment.decision,
            decided_by=assessment.decided_by,
            score=assessment.score,
            model=assessment.model,
            reasons=list(assessment.reasons),
            features=assessment.features.values(),
            approved=verdict.approved if verdict else None,
            verdict_by=verdict.actor_id if verdict else None,
            verdict_reason=verdict.reason if verdict else None,
        )


class ReviewPageBody(BaseModel):
    """`next_cursor` is null on the last page."""

    items: list[ReviewBody]
    next_cursor: str | None

    @classmethod
    def of(cls, page: ReviewPage) -> ReviewPageBody:
        return cls(items=[ReviewBody.of(review) for review in page.items], next_cursor=page.next_cursor)


class StandingBody(BaseModel):
    """A seller, and whether it may sell."""

    seller_id: str
    display_name: str
    suspended: bool
    suspended_at: datetime | None
    reason: str | None

    @classmethod
    def of(cls, standing: Standing) -> StandingBody:
        return cls(
            seller_id=standing.seller_id,
            display_name=standing.display_name,
            suspended=standing.suspended,
            suspended_at=standing.suspended_at,
            reason=standing.reason,
        )


class StandingPageBody(BaseModel):
    """`next_cursor` is null on the last page."""

    items: list[StandingBody]
    next_cursor: str | None

    @classmethod
    def of(cls, page: StandingPage) -> StandingPageBody:
        return cls(items=[StandingBody.of(standing) for standing in page.items], next_cursor=page.next_cursor)


class AuditEntryBody(BaseModel):
    """One action of support or an administrator, with the facts that it changed."""

    entry_id: int
    happened_at: datetime
    actor_id: str
    role: str
    action: str
    subject_type: str
    subject_id: str
    reason: str
    before: dict[str, str | int | float | bool | None]
    after: dict[str, str | int | float | bool | None]

    @classmethod
    def of(cls, recorded: RecordedEntry) -> AuditEntryBody:
        entry = recorded.entry
        return cls(
            entry_id=recorded.entry_id,
            happened_at=entry.happened_at,
            actor_id=entry.actor_id,
            role=entry.role,
            action=entry.action,
            subject_type=entry.subject_type,
            subject_id=entry.subject_id,
            reason=entry.reason,
            before=dict(entry.before),
            after=dict(entry.after),
        )


class AuditPageBody(BaseModel):
    """`next_cursor` is null on the last page."""

    items: list[AuditEntryBody]
    next_cursor: str | None

    @classmethod
    def of(cls, page: AuditPage) -> AuditPageBody:
        return cls(items=[AuditEntryBody.of(one) for one in page.items], next_cursor=page.next_cursor)


class ShareBody(BaseModel):
    """One seller's part of an order, in minor units. `transfer_id` is the processor's, once the seller was paid."""

    seller_id: str
    gross: int
    commission: int
    state: str
    held_until: datetime | None
    transfer_id: str | None


class OrderBody(BaseModel):
    """An order as the staff sees it. `payment_intent_id` and `charge_id` are the processor's."""

    order_id: str
    buyer_id: str
    placed_at: datetime
    status: str
    currency: str
    total: int
    failure: str | None
    waits_for: str | None
    payment_intent_id: str | None
    charge_id: str | None
    sellers: list[ShareBody]

    @classmethod
    def of(cls, order: Order) -> OrderBody:
        return cls(
            order_id=order.order_id,
            buyer_id=order.buyer_id,
            placed_at=order.accepted_at,
            status=order.status,
            currency=order.total.currency,
            total=order.total.amount,
            failure=order.failure,
            waits_for=order.waits_for,
            payment_intent_id=order.payment_intent_id,
            charge_id=order.charge_id,
            sellers=[
                ShareBody(
                    seller_id=share.seller_id,
                    gross=share.gross.amount,
                    commission=share.commission.amount,
                    state=share.state,
                    held_until=share.held_until,
                    transfer_id=share.transfer_id,
                )
                for share in order.sellers
            ],
        )


class OrderPageBody(BaseModel):
    """The latest first. `next_cursor` is null on the last page."""

    items: list[OrderBody]
    next_cursor: str | None

    @classmethod
    def of(cls, page: OrderPage) -> OrderPageBody:
        return cls(items=[OrderBody.of(order) for order in page.items], next_cursor=page.next_cursor)
