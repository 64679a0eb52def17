"""Two people, or a person and a deadline, act on the same thing at once: one of them wins, on real PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from commerce_samples import NOON, checkout, fulfilled, postgres_market, stock_up
from fraud_samples import assessed

from commerce.adapters.postgres import (
    PostgresAssessments,
    PostgresAuditLog,
    PostgresCases,
    PostgresReviews,
    PostgresStandings,
)
from commerce.audit import AuditQuery
from commerce.case_rules import BUYER_ANSWERS
from commerce.cases import Actor, CaseClosed, CaseReason, CaseState, Complaint, Outcome, Party, Ruling
from commerce.fraud import Decision, Verdict
from commerce.money import Money
from commerce.orders import WaitsFor
from commerce.reviews import NotUnderReview

COMPLAINT = Complaint(order_id="o1", seller_id="ada", buyer_id="buyer", reason=CaseReason.DAMAGED, text="Broken.")


async def together(*attempts: Coroutine[Any, Any, Any]) -> list[Any]:
    return await asyncio.gather(*attempts, return_exceptions=True)


async def test_a_complaint_that_is_sent_many_times_at_once_opens_one_case(pool: asyncpg.Pool) -> None:
    market, cases = postgres_market(pool), PostgresCases(pool)
    await stock_up(market.offers)
    await fulfilled(market, "o1", {"lamp": 1})
    answers = await together(*(cases.open(COMPLAINT, NOON) for _ in range(6)))
    assert len({case.case_id for case, _ in answers}) == 1
    assert [opened for _, opened in answers].count(True) == 1
    assert await pool.fetchval("SELECT count(*) FROM case_messages") == 1


@pytest.mark.parametrize("attempt", range(4))
async def test_a_case_that_is_escalated_while_it_expires_ends_as_one_of_both(pool: asyncpg.Pool, attempt: int) -> None:
    market, cases = postgres_market(pool), PostgresCases(pool)
    await stock_up(market.offers)
    await fulfilled(market, "o1", {"lamp": 1})
    case, _ = await cases.open(COMPLAINT, NOON)
    await cases.write(case.case_id, "ada", "Which lamp?", NOON)
    due = NOON + BUYER_ANSWERS
    both = [cases.escalate(case.case_id, "buyer", due), cases.expire_due(due), cases.expire_due(due)]
    escalated, *expired = await together(*(both if attempt % 2 else [both[0], *both[:0:-1]]))
    end = await cases.get(case.case_id, "buyer")
    if isinstance(escalated, CaseClosed):
        assert (end.state, sorted(expired)) == (CaseState.EXPIRED, [(), (case.case_id,)])
    else:
        assert (end.state, expired) == (CaseState.ESCALATED, [(), ()])
    closed = await pool.fetchval("SELECT count(*) FROM events WHERE type = 'case_closed'")
    assert closed == (1 if end.state is CaseState.EXPIRED else 0)


async def test_messages_that_are_written_at_once_are_all_kept_in_an_order(pool: asyncpg.Pool) -> None:
    market, cases = postgres_market(pool), PostgresCases(pool)
    await stock_up(market.offers)
    await fulfilled(market, "o1", {"lamp": 1})
    case, _ = await cases.open(COMPLAINT, NOON)
    await together(*(cases.write(case.case_id, "buyer", str(number), NOON) for number in range(8)))
    kept = await cases.get(case.case_id, "buyer")
    assert {message.text for message in kept.messages[1:]} == {str(number) for number in range(8)}


@pytest.mark.parametrize("attempt", range(4))
async def test_of_two_decisions_at_once_one_counts_and_moves_money_once(pool: asyncpg.Pool, attempt: int) -> None:
    market, cases = postgres_market(pool), PostgresCases(pool)
    await stock_up(market.offers)
    await fulfilled(market, "o1", {"lamp": 1})
    case, _ = await cases.open(COMPLAINT, NOON)
    await cases.escalate(case.case_id, "buyer", NOON)

    def decide(actor_id: str, outcome: Outcome) -> Coroutine[Any, Any, Any]:
        ruling = Ruling(outcome=outcome, actor_id=actor_id, reason="looked", given_at=NOON)
        return cases.decide(case.case_id, ruling, Party.ADMIN)

    both = [decide("ann", Outcome.RELEASE), decide("bob", Outcome.REJECT)]
    answers = await together(*(both if attempt % 2 else both[::-1]), market.payouts.release_due(NOON))
    [refused] = [answer for answer in answers if isinstance(answer, CaseClosed)]
    end = await cases.get(case.case_id, "buyer")
    assert end.decision is not None
    released = await market.ledger.get("release/o1/ada")
    assert (released is not None) is (end.decision.outcome is Outcome.RELEASE)
    [entry] = (await PostgresAuditLog(pool).search(AuditQuery(), 10)).items
    assert entry.entry.actor_id == end.decision.actor_id
    assert refused.state == CaseState.DECIDED
    assert await pool.fetchval("SELECT count(*) FROM holds WHERE lifted_at IS NULL") == 0


@pytest.mark.parametrize("attempt", range(4))
async def test_two_administrators_who_refund_at_once_give_one_refund(pool: asyncpg.Pool, attempt: int) -> None:
    market, cases = postgres_market(pool), PostgresCases(pool)
    await stock_up(market.offers)
    await fulfilled(market, "o1", {"lamp": 1})
    case, _ = await cases.open(COMPLAINT, NOON)
    await cases.escalate(case.case_id, "buyer", NOON)

    def refund(actor_id: str, amount: int) -> Coroutine[Any, Any, Any]:
        ruling = Ruling(
            outcome=Outcome.REFUND, actor_id=actor_id, reason="broken", given_at=NOON, amount=Money(amount, "usd")
        )
        return cases.decide(case.case_id, ruling, Party.ADMIN)

    both = [refund("ann", 500), refund("bob", 1999), refund("ann", 500)]
    answers = await together(*(both if attempt % 2 else both[::-1]))
    end = await cases.get(case.case_id, "buyer")
    assert end.decision is not None
    assert len([answer for answer in answers if isinstance(answer, CaseClosed)]) in (1, 2)
    [row] = await pool.fetch("SELECT refund_id, amount FROM refunds")
    assert tuple(row) == (case.refund_id, end.decision.amount and end.decision.amount.amount)
    assert await market.ledger.totals() == {"usd": 0}


@pytest.mark.parametrize("attempt", range(4))
async def test_of_two_verdicts_at_once_one_counts_and_one_is_audited(pool: asyncpg.Pool, attempt: int) -> None:
    market, reviews = postgres_market(pool), PostgresReviews(pool)
    await stock_up(market.offers)
    await market.orders.accept(checkout("o1", {"lamp": 1}))
    await PostgresAssessments(pool).record("o1", assessed(Decision.REVIEW))
    await market.orders.wait("o1", WaitsFor.REVIEW, datetime.now(UTC) + timedelta(hours=1))

    def verdict(actor_id: str, *, approved: bool) -> Coroutine[Any, Any, Any]:
        given = Verdict(approved=approved, actor_id=actor_id, reason="looked", given_at=datetime.now(UTC))
        return reviews.give_verdict("o1", Actor(user_id=actor_id, party=Party.ADMIN), given)

    answers = await together(verdict("ann", approved=True), verdict("bob", approved=False))
    [refused] = [answer for answer in answers if isinstance(answer, NotUnderReview)]
    [given] = [answer for answer in answers if answer is not refused]
    order = await market.orders.get("o1")
    assert order.waits_for is None
    assert (order.stop_reason is None) is given.assessment.verdict.approved
    [entry] = (await PostgresAuditLog(pool).search(AuditQuery(), 10)).items
    assert entry.entry.actor_id == given.assessment.verdict.actor_id


async def test_an_order_that_its_buyer_cancels_while_it_is_approved_is_one_of_both(pool: asyncpg.Pool) -> None:
    market, reviews = postgres_market(pool), PostgresReviews(pool)
    await stock_up(market.offers)
    await market.orders.accept(checkout("o1", {"lamp": 1}))
    await PostgresAssessments(pool).record("o1", assessed(Decision.REVIEW))
    await market.orders.wait("o1", WaitsFor.REVIEW, datetime.now(UTC) + timedelta(hours=1))
    given = Verdict(approved=True, actor_id="ann", reason="looked", given_at=datetime.now(UTC))
    admin = Actor(user_id="ann", party=Party.ADMIN)
    approved, _ = await together(
        reviews.give_verdict("o1", admin, given), market.orders.stop("o1", "canceled_by_buyer", "buyer")
    )
    order = await market.orders.get("o1")
    assert order.stop_reason == "canceled_by_buyer", "a canceled order never goes on, approved before or not"
    assert order.waits_for is None
    audited = (await PostgresAuditLog(pool).search(AuditQuery(), 10)).items
    assert len(audited) == (0 if isinstance(approved, NotUnderReview) else 1)


async def test_a_seller_is_suspended_once_by_many(pool: asyncpg.Pool) -> None:
    market, standings = postgres_market(pool), PostgresStandings(pool)
    await stock_up(market.offers)
    admins = [Actor(user_id=f"admin-{number}", party=Party.ADMIN) for number in range(5)]
    answers = await together(*(standings.suspend("ada", one, one.user_id, NOON) for one in admins))
    assert len(set(answers)) == 1
    assert await pool.fetchval("SELECT count(*) FROM audit_log") == 1
    assert await pool.fetchval("SELECT count(*) FROM events WHERE type = 'seller_suspended'") == 1


async def test_not_even_the_owner_changes_the_audit_log(pool: asyncpg.Pool) -> None:
    market = postgres_market(pool)
    await stock_up(market.offers)
    await PostgresStandings(pool).suspend("ada", Actor(user_id="ann", party=Party.ADMIN), "why", NOON)
    for statement in ("UPDATE audit_log SET reason = 'x'", "DELETE FROM audit_log", "TRUNCATE audit_log"):
        with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
            await pool.execute(statement)
