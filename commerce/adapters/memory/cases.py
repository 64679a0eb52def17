"""`commerce.ports.Cases` in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from commerce import case_rules
from commerce.adapters.memory.market import MemoryMarket
from commerce.adapters.memory.rulings import carry_out
from commerce.audit import entry_id_of
from commerce.case_rules import CaseChange
from commerce.cases import (
    Actor,
    Case,
    CaseNotFound,
    CasePage,
    CaseState,
    Complaint,
    Party,
    Ruling,
    acting,
)


class MemoryCases:
    def __init__(self, market: MemoryMarket, *, commission_returned: bool = True) -> None:
        self._market = market
        self._commission_returned = commission_returned

    async def open(self, complaint: Complaint, now: datetime) -> tuple[Case, bool]:
        order = self._market.order(complaint.order_id)
        earlier = tuple(
            case
            for case in self._market.cases.values()
            if (case.order_id, case.seller_id) == (complaint.order_id, complaint.seller_id)
        )
        change = case_rules.open_case(complaint, order, earlier, now)
        if change is None:
            return next(case for case in earlier if not case.state.closed), False
        self._market.place_hold(case_rules.hold_of(change.case))
        return self._store(change), True

    async def get(self, case_id: str, user_id: str, staff: Party | None = None) -> Case:
        case = self._case(case_id)
        if staff is None:
            acting(case, user_id)
        return case

    async def of_user(self, user_id: str, limit: int, cursor: str | None = None) -> CasePage:
        before = entry_id_of(cursor)
        numbered = [
            (number, case)
            for number, case in reversed(self._numbered())
            if user_id in (case.buyer_id, case.seller_id) and (before is None or number < before)
        ]
        return _page(numbered, limit)

    async def queue(self, state: CaseState | None, limit: int, cursor: str | None = None) -> CasePage:
        after = entry_id_of(cursor) or 0
        numbered = [
            (number, case) for number, case in self._numbered() if state in (None, case.state) and number > after
        ]
        return _page(numbered, limit)

    async def write(self, case_id: str, user_id: str, text: str, now: datetime, staff: Party | None = None) -> Case:
        return self._change(case_id, user_id, staff, lambda case, actor: case_rules.write(case, actor, text, now))

    async def escalate(self, case_id: str, user_id: str, now: datetime, staff: Party | None = None) -> Case:
        return self._change(case_id, user_id, staff, lambda case, actor: case_rules.escalate(case, actor, now))

    async def withdraw(self, case_id: str, user_id: str) -> Case:
        return self._change(case_id, user_id, None, case_rules.withdraw)

    async def propose(self, case_id: str, ruling: Ruling, staff: Party) -> Case:
        case = self._case(case_id)
        order = self._market.order(case.order_id)
        return self._store(case_rules.propose(case, acting(case, ruling.actor_id, staff), ruling, order))

    async def decide(self, case_id: str, ruling: Ruling, staff: Party) -> Case:
        case = self._case(case_id)
        order = self._market.order(case.order_id)
        change = case_rules.decide(case, acting(case, ruling.actor_id, staff), ruling, order)
        decided = case if change is None else change.case
        if change is not None or case_rules.refund_of(case) is not None:
            carry_out(self._market, decided, commission_returned=self._commission_returned)
        return case if change is None else self._store(change)

    async def expire_due(self, now: datetime, limit: int = 100) -> tuple[str, ...]:
        due = sorted(
            (case for case in self._market.cases.values() if case_rules.expire(case, now) is not None),
            key=lambda case: (case.due_at or now, case.case_id),
        )[:limit]
        for case in due:
            change = case_rules.expire(case, now)
            if change is not None:
                self._store(change)
        return tuple(case.case_id for case in due)

    def _change(
        self, case_id: str, user_id: str, staff: Party | None, decide: Callable[[Case, Actor], CaseChange | None]
    ) -> Case:
        case = self._case(case_id)
        change = decide(case, acting(case, user_id, staff))
        return case if change is None else self._store(change)

    def _case(self, case_id: str) -> Case:
        if case_id not in self._market.cases:
            raise CaseNotFound(case_id)
        return self._market.cases[case_id]

    def _store(self, change: CaseChange) -> Case:
        self._market.cases[change.case.case_id] = change.case
        if change.case.state.closed:
            self._market.lift_hold(case_rules.lifted_hold_of(change.case, datetime.now(UTC)))
        self._market.record(*change.events)
        if change.audit is not None:
            self._market.audit.append(change.audit)
        return change.case

    def _numbered(self) -> list[tuple[int, Case]]:
        return list(enumerate(self._market.cases.values(), start=1))


def _page(numbered: list[tuple[int, Case]], limit: int) -> CasePage:
    shown = numbered[:limit]
    return CasePage(
        items=tuple(replace(case, messages=()) for _, case in shown),
        next_cursor=str(shown[-1][0]) if len(numbered) > limit else None,
    )
