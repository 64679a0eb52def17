"""The routes of the marketplace's staff. Support reads, writes and proposes; only administrators decide about money,
orders and sellers, and read the audit log."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime

from commerce.audit import AuditQuery
from commerce.cases import Actor, CaseState, Party
from commerce.fraud import Verdict
from services.dispute.dependencies import DisputesDependency
from services.dispute.endpoints import CaseId, Cursor, Limit
from services.dispute.schemas import (
    AuditPageBody,
    CaseBody,
    CasePageBody,
    MessageRequest,
    OrderBody,
    OrderPageBody,
    ReasonRequest,
    ReviewBody,
    ReviewPageBody,
    RulingRequest,
    StandingBody,
    StandingPageBody,
    VerdictRequest,
)
from services.http.edge import OpaqueId
from services.http.identity import ADMINISTRATORS, SignedInAdmin, SignedInSupport
from services.http.tokens import Caller

router = APIRouter(prefix="/admin", tags=["administration"])

OrderId = Annotated[OpaqueId, Path(max_length=64)]
SellerId = Annotated[OpaqueId, Path(max_length=128)]
Word = Annotated[str | None, Query(max_length=128)]
Moment = Annotated[AwareDatetime | None, Query(description="ISO 8601 with a time zone")]


def _party(caller: Caller) -> Party:
    return Party.ADMIN if ADMINISTRATORS in caller.groups else Party.SUPPORT


def _actor(caller: Caller) -> Actor:
    return Actor(user_id=caller.user_id, party=_party(caller))


@router.get("/cases", summary="Everybody's cases, oldest first")
async def list_all_cases(
    *,
    disputes: DisputesDependency,
    caller: SignedInSupport,
    state: CaseState | None = None,
    limit: Limit = 24,
    cursor: Cursor = None,
) -> CasePageBody:
    return CasePageBody.of(await disputes.cases.queue(state, limit, cursor))


@router.get("/cases/{case_id}", summary="A case with its messages")
async def read_any_case(disputes: DisputesDependency, caller: SignedInSupport, case_id: CaseId) -> CaseBody:
    return CaseBody.of(await disputes.cases.get(case_id, caller.user_id, _party(caller)))


@router.post("/cases/{case_id}/messages", status_code=201, summary="Write to both sides")
async def write_as_staff(
    disputes: DisputesDependency, caller: SignedInSupport, case_id: CaseId, body: MessageRequest
) -> CaseBody:
    now = datetime.now(UTC)
    return CaseBody.of(await disputes.cases.write(case_id, caller.user_id, body.text, now, _party(caller)))


@router.post("/cases/{case_id}/escalation", summary="Take the case over, to decide it")
async def escalate_as_staff(disputes: DisputesDependency, caller: SignedInSupport, case_id: CaseId) -> CaseBody:
    return CaseBody.of(await disputes.cases.escalate(case_id, caller.user_id, datetime.now(UTC), _party(caller)))


@router.put("/cases/{case_id}/proposal", summary="Propose how the case should end")
async def propose_ruling(
    disputes: DisputesDependency, caller: SignedInSupport, case_id: CaseId, body: RulingRequest
) -> CaseBody:
    case = await disputes.cases.get(case_id, caller.user_id, _party(caller))
    ruling = body.ruling(caller.user_id, case.claimed.currency)
    return CaseBody.of(await disputes.cases.propose(case_id, ruling, _party(caller)))


@router.put("/cases/{case_id}/decision", summary="End the case: refund, release to the seller, or reject")
async def decide_case(
    disputes: DisputesDependency, caller: SignedInAdmin, case_id: CaseId, body: RulingRequest
) -> CaseBody:
    case = await disputes.cases.get(case_id, caller.user_id, Party.ADMIN)
    ruling = body.ruling(caller.user_id, case.claimed.currency)
    return CaseBody.of(await disputes.cases.decide(case_id, ruling, Party.ADMIN))


@router.get("/orders", summary="All orders, or those of one buyer, the latest first")
async def list_orders(
    disputes: DisputesDependency,
    caller: SignedInSupport,
    limit: Limit = 24,
    cursor: Cursor = None,
    buyer_id: Annotated[OpaqueId | None, Query(max_length=128)] = None,
) -> OrderPageBody:
    return OrderPageBody.of(await disputes.orders.page(limit, cursor, buyer_id))


@router.get("/orders/{order_id}", summary="Any order, with what became of each seller's share")
async def read_any_order(disputes: DisputesDependency, caller: SignedInSupport, order_id: OrderId) -> OrderBody:
    return OrderBody.of(await disputes.orders.get(order_id))


@router.get("/reviews", summary="Orders that wait for a review, longest first")
async def list_reviews(
    disputes: DisputesDependency, caller: SignedInSupport, limit: Limit = 24, cursor: Cursor = None
) -> ReviewPageBody:
    return ReviewPageBody.of(await disputes.reviews.queue(limit, cursor))


@router.get("/reviews/{order_id}", summary="What was found suspicious about an order")
async def read_review(disputes: DisputesDependency, caller: SignedInSupport, order_id: OrderId) -> ReviewBody:
    return ReviewBody.of(await disputes.reviews.get(order_id))


@router.put("/reviews/{order_id}/verdict", summary="Let the order go on, or stop it")
async def give_verdict(
    disputes: DisputesDependency, caller: SignedInAdmin, order_id: OrderId, body: VerdictRequest
) -> ReviewBody:
    verdict = Verdict(approved=body.approved, actor_id=caller.user_id, reason=body.reason, given_at=datetime.now(UTC))
    return ReviewBody.of(await disputes.reviews.give_verdict(order_id, _actor(caller), verdict))


@router.get("/suspensions", summary="The sellers that may not sell")
async def list_suspended(
    disputes: DisputesDependency, caller: SignedInSupport, limit: Limit = 24, cursor: Cursor = None
) -> StandingPageBody:
    return StandingPageBody.of(await disputes.standings.suspended(limit, cursor))


@router.get("/suspensions/{seller_id}", summary="Whether a seller may sell")
async def read_standing(disputes: DisputesDependency, caller: SignedInSupport, seller_id: SellerId) -> StandingBody:
    return StandingBody.of(await disputes.standings.get(seller_id))


@router.put("/suspensions/{seller_id}", summary="Suspend a seller: nothing of it is shown, sold or paid out")
async def suspend_seller(
    disputes: DisputesDependency, caller: SignedInAdmin, seller_id: SellerId, body: ReasonRequest
) -> StandingBody:
    now = datetime.now(UTC)
    return StandingBody.of(await disputes.standings.suspend(seller_id, _actor(caller), body.reason, now))


@router.post("/suspensions/{seller_id}/end", summary="Let a seller sell again")
async def reinstate_seller(
    disputes: DisputesDependency, caller: SignedInAdmin, seller_id: SellerId, body: ReasonRequest
) -> StandingBody:
    now = datetime.now(UTC)
    return StandingBody.of(await disputes.standings.reinstate(seller_id, _actor(caller), body.reason, now))


@router.get("/audit", summary="What support and administrators did, newest first")
async def search_audit_log(
    *,
    disputes: DisputesDependency,
    caller: SignedInAdmin,
    actor_id: Word = None,
    action: Word = None,
    subject_type: Word = None,
    subject_id: Word = None,
    since: Moment = None,
    until: Moment = None,
    limit: Limit = 24,
    cursor: Cursor = None,
) -> AuditPageBody:
    query = AuditQuery(
        actor_id=actor_id,
        action=action,
        subject_type=subject_type,
        subject_id=subject_id,
        since=since,
        until=until,
    )
    return AuditPageBody.of(await disputes.audit.search(query, limit, cursor))
