"""The routes of buyers and sellers: their cases."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from commerce.cases import Complaint
from services.dispute.dependencies import DisputesDependency
from services.dispute.schemas import CaseBody, CasePageBody, ComplaintRequest, MessageRequest
from services.http.edge import OpaqueId, QueryInteger
from services.http.identity import SignedIn

router = APIRouter(prefix="/cases", tags=["cases"])

CaseId = Annotated[OpaqueId, Path(max_length=64)]
Limit = Annotated[QueryInteger, Query(ge=1, le=100)]
Cursor = Annotated[str | None, Query(max_length=128)]


@router.post(
    "",
    status_code=201,
    summary="Complain about a seller's part of an order",
    responses={200: {"model": CaseBody, "description": "A case about it is open already: this one"}},
)
async def open_case(
    disputes: DisputesDependency, caller: SignedIn, body: ComplaintRequest, response: Response
) -> CaseBody:
    complaint = Complaint(
        order_id=body.order_id,
        seller_id=body.seller_id,
        buyer_id=caller.user_id,
        reason=body.reason,
        text=body.text,
        amount=body.amount,
    )
    case, opened = await disputes.cases.open(complaint, datetime.now(UTC))
    response.status_code = 201 if opened else 200
    response.headers["location"] = f"/cases/{case.case_id}"
    return CaseBody.of(case)


@router.get("", summary="The cases that you are buyer or seller of, newest first")
async def list_cases(
    disputes: DisputesDependency, caller: SignedIn, limit: Limit = 24, cursor: Cursor = None
) -> CasePageBody:
    return CasePageBody.of(await disputes.cases.of_user(caller.user_id, limit, cursor))


@router.get("/{case_id}", summary="A case with its messages")
async def read_case(disputes: DisputesDependency, caller: SignedIn, case_id: CaseId) -> CaseBody:
    return CaseBody.of(await disputes.cases.get(case_id, caller.user_id))


@router.post("/{case_id}/messages", status_code=201, summary="Write to the other side")
async def write_message(
    disputes: DisputesDependency, caller: SignedIn, case_id: CaseId, body: MessageRequest
) -> CaseBody:
    return CaseBody.of(await disputes.cases.write(case_id, caller.user_id, body.text, datetime.now(UTC)))


@router.post("/{case_id}/escalation", summary="Ask the marketplace to decide")
async def escalate_case(disputes: DisputesDependency, caller: SignedIn, case_id: CaseId) -> CaseBody:
    return CaseBody.of(await disputes.cases.escalate(case_id, caller.user_id, datetime.now(UTC)))


@router.post("/{case_id}/withdrawal", summary="Withdraw the complaint, as its buyer")
async def withdraw_case(disputes: DisputesDependency, caller: SignedIn, case_id: CaseId) -> CaseBody:
    return CaseBody.of(await disputes.cases.withdraw(case_id, caller.user_id))
