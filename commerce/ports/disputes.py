from __future__ import annotations

from datetime import datetime
from typing import Protocol

from commerce.audit import AuditPage, AuditQuery
from commerce.cases import Actor, Case, CasePage, CaseState, Complaint, Party, Ruling
from commerce.fraud import Verdict
from commerce.reviews import Review, ReviewPage
from commerce.suspension import Standing, StandingPage


class Cases(Protocol):
    """Cases between buyers and sellers. `commerce.cases` decides what an operation does.

    Each is one database transaction. `staff` is the role of somebody who acts for the marketplace; without it, only the
    buyer and the seller of a case can do anything: to others it is not there (CaseNotFound).
    """

    async def open(self, complaint: Complaint, now: datetime) -> tuple[Case, bool]:
        """The open case about this part of the order, and whether it is new.

        Raises OrderNotFound, CaseNotPossible, InvalidRequest.
        """
        ...

    async def get(self, case_id: str, user_id: str, staff: Party | None = None) -> Case:
        """With its messages. Raises CaseNotFound."""
        ...

    async def of_user(self, user_id: str, limit: int, cursor: str | None = None) -> CasePage:
        """The cases that somebody is buyer or seller of, newest first, without their messages."""
        ...

    async def queue(self, state: CaseState | None, limit: int, cursor: str | None = None) -> CasePage:
        """Everybody's cases, those in `state` only when it is given, oldest first, without their messages."""
        ...

    async def write(self, case_id: str, user_id: str, text: str, now: datetime, staff: Party | None = None) -> Case:
        """Raises CaseClosed, InvalidRequest."""
        ...

    async def escalate(self, case_id: str, user_id: str, now: datetime, staff: Party | None = None) -> Case:
        """Raises CaseClosed."""
        ...

    async def withdraw(self, case_id: str, user_id: str) -> Case:
        """Raises CaseClosed, and CaseNotFound for anybody but the buyer."""
        ...

    async def propose(self, case_id: str, ruling: Ruling, staff: Party) -> Case:
        """Raises CaseClosed, CaseNotEscalated, InvalidRequest, OwnCase."""
        ...

    async def decide(self, case_id: str, ruling: Ruling, staff: Party) -> Case:
        """End the case, and move the money that follows from it, in one transaction.

        Raises CaseClosed, CaseNotEscalated, InvalidRequest, OwnCase, and what refuses the movement of the money.
        """
        ...

    async def expire_due(self, now: datetime, limit: int = 100) -> tuple[str, ...]:
        """Do what follows from turns that were not taken in time; the ids of the cases that changed."""
        ...


class Reviews(Protocol):
    """Orders that wait for a review because they look fraudulent."""

    async def queue(self, limit: int, cursor: str | None = None) -> ReviewPage: ...

    async def get(self, order_id: str) -> Review:
        """Any order that was assessed. Raises OrderNotFound."""
        ...

    async def give_verdict(self, order_id: str, actor: Actor, verdict: Verdict) -> Review:
        """Raises OrderNotFound, NotUnderReview, OwnOrder."""
        ...


class Standings(Protocol):
    """Which sellers may sell."""

    async def get(self, seller_id: str) -> Standing:
        """Raises SellerNotFound."""
        ...

    async def suspended(self, limit: int, cursor: str | None = None) -> StandingPage: ...

    async def suspend(self, seller_id: str, actor: Actor, reason: str, now: datetime) -> Standing:
        """Raises SellerNotFound."""
        ...

    async def reinstate(self, seller_id: str, actor: Actor, reason: str, now: datetime) -> Standing:
        """Raises SellerNotFound."""
        ...


class AuditLog(Protocol):
    """What support and administrators did. It is written with the actions themselves."""

    async def search(self, query: AuditQuery, limit: int, cursor: str | None = None) -> AuditPage:
        """Newest first. Raises InvalidRequest for a cursor that is none."""
        ...
