"""Cases in PostgreSQL. An operation locks the case's row, then what the case is about; opening one locks the order."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import asyncpg

from commerce import case_rules
from commerce.adapters.postgres.audit import record_audit
from commerce.adapters.postgres.events import record
from commerce.adapters.postgres.holds import lift, place
from commerce.adapters.postgres.reading import read_order
from commerce.adapters.postgres.rulings import carry_out
from commerce.audit import entry_id_of
from commerce.case_rules import CaseChange
from commerce.cases import (
    Actor,
    Case,
    CaseNotFound,
    CasePage,
    CaseReason,
    CaseState,
    Complaint,
    Message,
    Outcome,
    Party,
    Ruling,
    acting,
)
from commerce.money import Money
from commerce.orders import Order

_ONE = """
SELECT c.*, (SELECT json_agg(m ORDER BY m.number) FROM case_messages m WHERE m.case_id = c.case_id) AS messages
FROM cases c WHERE c.case_id = $1
"""
_OF_PART = "SELECT c.*, NULL AS messages FROM cases c WHERE c.order_id = $1 AND c.seller_id = $2 ORDER BY c.case_number"
_OF_USER = """
SELECT c.*, NULL AS messages FROM cases c
WHERE (c.buyer_id = $1 OR c.seller_id = $1) AND ($2::bigint IS NULL OR c.case_number < $2)
ORDER BY c.case_number DESC LIMIT $3
"""
_QUEUE = """
SELECT c.*, NULL AS messages FROM cases c
WHERE ($1::text IS NULL OR c.state = $1) AND ($2::bigint IS NULL OR c.case_number > $2)
ORDER BY c.case_number LIMIT $3
"""
_DUE = """
SELECT case_id FROM cases WHERE state IN ('waits_for_seller', 'waits_for_buyer') AND due_at <= $1
ORDER BY due_at, case_id LIMIT $2
"""
_INSERT = """
INSERT INTO cases (case_id, order_id, seller_id, buyer_id, reason, currency, claimed, state, opened_at, due_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
_UPDATE = "UPDATE cases SET state = $2, due_at = $3, proposal = $4, decision = $5 WHERE case_id = $1"
_WRITE = """
INSERT INTO case_messages (case_id, number, author_id, party, text, written_at) VALUES ($1, $2, $3, $4, $5, $6)
"""


class PostgresCases:
    """`commerce.ports.Cases` over a pool of connections. `commission_returned`: see `refunds.request`."""

    def __init__(self, pool: asyncpg.Pool, *, commission_returned: bool = True) -> None:
        self._pool = pool
        self._commission_returned = commission_returned

    async def open(self, complaint: Complaint, now: datetime) -> tuple[Case, bool]:
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute("SELECT 1 FROM orders WHERE order_id = $1 FOR NO KEY UPDATE", complaint.order_id)
            order = await read_order(connection, complaint.order_id)
            rows = await connection.fetch(_OF_PART, complaint.order_id, complaint.seller_id)
            earlier = tuple(map(_case, rows))
            change = case_rules.open_case(complaint, order, earlier, now)
            if change is None:
                known = next(case for case in earlier if not case.state.closed)
                return await _read(connection, known.case_id), False
            await _insert(connection, change.case)
            await place(connection, case_rules.hold_of(change.case))
            await _tell(connection, None, change)
            return change.case, True

    async def get(self, case_id: str, user_id: str, staff: Party | None = None) -> Case:
        case = await _read(self._pool, case_id)
        if staff is None:
            acting(case, user_id)
        return case

    async def of_user(self, user_id: str, limit: int, cursor: str | None = None) -> CasePage:
        return _page(await self._pool.fetch(_OF_USER, user_id, entry_id_of(cursor), limit + 1), limit)

    async def queue(self, state: CaseState | None, limit: int, cursor: str | None = None) -> CasePage:
        return _page(await self._pool.fetch(_QUEUE, state, entry_id_of(cursor), limit + 1), limit)

    async def write(self, case_id: str, user_id: str, text: str, now: datetime, staff: Party | None = None) -> Case:
        return await self._change(case_id, user_id, staff, lambda case, actor: case_rules.write(case, actor, text, now))

    async def escalate(self, case_id: str, user_id: str, now: datetime, staff: Party | None = None) -> Case:
        return await self._change(case_id, user_id, staff, lambda case, actor: case_rules.escalate(case, actor, now))

    async def withdraw(self, case_id: str, user_id: str) -> Case:
        return await self._change(case_id, user_id, None, case_rules.withdraw)

    async def propose(self, case_id: str, ruling: Ruling, staff: Party) -> Case:
        async with self._pool.acquire() as connection, connection.transaction():
            case, order = await _lock_with_order(connection, case_id)
            change = case_rules.propose(case, acting(case, ruling.actor_id, staff), ruling, order)
            return await _store(connection, case, change)

    async def decide(self, case_id: str, ruling: Ruling, staff: Party) -> Case:
        async with self._pool.acquire() as connection, connection.transaction():
            case, order = await _lock_with_order(connection, case_id)
            change = case_rules.decide(case, acting(case, ruling.actor_id, staff), ruling, order)
            # The same decision once more asks again for a refund that failed.
            decided = case if change is None else change.case
            if change is not None or case_rules.refund_of(case) is not None:
                await carry_out(connection, decided, commission_returned=self._commission_returned)
            return await _store(connection, case, change)

    async def expire_due(self, now: datetime, limit: int = 100) -> tuple[str, ...]:
        expired = []
        for row in await self._pool.fetch(_DUE, now, limit):
            async with self._pool.acquire() as connection, connection.transaction():
                case = await _lock(connection, row["case_id"])
                change = case_rules.expire(case, now)
                await _store(connection, case, change)
                if change is not None:
                    expired.append(case.case_id)
        return tuple(expired)

    async def _change(
        self,
        case_id: str,
        user_id: str,
        staff: Party | None,
        decide: Callable[[Case, Actor], CaseChange | None],
    ) -> Case:
        async with self._pool.acquire() as connection, connection.transaction():
            case = await _lock(connection, case_id)
            return await _store(connection, case, decide(case, acting(case, user_id, staff)))


async def _lock(connection: asyncpg.Connection, case_id: str) -> Case:
    """The case is read after the lock was taken, by a statement of its own: only then is it what the lock's last holder
    made of it."""
    await connection.execute("SELECT 1 FROM cases WHERE case_id = $1 FOR NO KEY UPDATE", case_id)
    return await _read(connection, case_id)


async def _lock_with_order(connection: asyncpg.Connection, case_id: str) -> tuple[Case, Order]:
    case = await _lock(connection, case_id)
    return case, await read_order(connection, case.order_id)


async def _read(source: asyncpg.Pool | asyncpg.Connection, case_id: str) -> Case:
    row = await source.fetchrow(_ONE, case_id)
    if row is None:
        raise CaseNotFound(case_id)
    return _case(row)


async def _insert(connection: asyncpg.Connection, case: Case) -> None:
    await connection.execute(
        _INSERT,
        case.case_id,
        case.order_id,
        case.seller_id,
        case.buyer_id,
        case.reason,
        case.claimed.currency,
        case.claimed.amount,
        case.state,
        case.opened_at,
        case.due_at,
    )


async def _store(connection: asyncpg.Connection, before: Case, change: CaseChange | None) -> Case:
    if change is None:
        return before
    after = change.case
    await connection.execute(
        _UPDATE, after.case_id, after.state, after.due_at, _json(after.proposal), _json(after.decision)
    )
    if after.state.closed:
        await lift(connection, case_rules.lifted_hold_of(after, datetime.now(UTC)))
    await _tell(connection, before, change)
    return after


async def _tell(connection: asyncpg.Connection, before: Case | None, change: CaseChange) -> None:
    """The messages that are new, the events and the audit entry."""
    written = len(before.messages) if before else 0
    for number, message in enumerate(change.case.messages[written:], start=written + 1):
        await connection.execute(
            _WRITE,
            change.case.case_id,
            number,
            message.author_id,
            message.party,
            message.text,
            message.written_at,
        )
    await record(connection, *change.events)
    await record_audit(connection, change.audit)


def _page(rows: list[Any], limit: int) -> CasePage:
    shown = rows[:limit]
    cursor = str(shown[-1]["case_number"]) if len(rows) > limit else None
    return CasePage(items=tuple(map(_case, shown)), next_cursor=cursor)


def _case(row: Any) -> Case:
    return Case(
        case_id=row["case_id"],
        order_id=row["order_id"],
        seller_id=row["seller_id"],
        buyer_id=row["buyer_id"],
        reason=CaseReason(row["reason"]),
        claimed=Money(row["claimed"], row["currency"]),
        state=CaseState(row["state"]),
        opened_at=row["opened_at"],
        due_at=row["due_at"],
        messages=tuple(
            Message(
                author_id=message["author_id"],
                party=Party(message["party"]),
                text=message["text"],
                written_at=datetime.fromisoformat(message["written_at"]),
            )
            for message in json.loads(row["messages"] or "[]")
        ),
        proposal=_ruling(row["proposal"]),
        decision=_ruling(row["decision"]),
    )


def _json(ruling: Ruling | None) -> str | None:
    if ruling is None:
        return None
    return json.dumps(
        {
            "outcome": ruling.outcome,
            "actor_id": ruling.actor_id,
            "reason": ruling.reason,
            "given_at": ruling.given_at.isoformat(),
            "amount": ruling.amount and [ruling.amount.amount, ruling.amount.currency],
        }
    )


def _ruling(text: str | None) -> Ruling | None:
    if text is None:
        return None
    read = json.loads(text)
    return Ruling(
        outcome=Outcome(read["outcome"]),
        actor_id=read["actor_id"],
        reason=read["reason"],
        given_at=datetime.fromisoformat(read["given_at"]),
        amount=Money(*read["amount"]) if read["amount"] else None,
    )
