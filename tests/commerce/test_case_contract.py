"""Cases, standings, reviews and the audit log: the same in memory and in PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from commerce_samples import (
    NOON,
    RETURN_WINDOW,
    MarketPorts,
    checkout,
    fulfilled,
    memory_market,
    open_accounts,
    postgres_market,
    stock_up,
)
from fraud_samples import assessed

from commerce.adapters.memory import (
    MemoryAssessments,
    MemoryAuditLog,
    MemoryCases,
    MemoryMarket,
    MemoryReviews,
    MemoryStandings,
)
from commerce.adapters.postgres import (
    PostgresAssessments,
    PostgresAuditLog,
    PostgresCases,
    PostgresReviews,
    PostgresStandings,
)
from commerce.audit import AuditQuery
from commerce.case_rules import BUYER_ANSWERS, MARKETPLACE_DECIDES, OPENED_AFTER_WINDOW, SELLER_ANSWERS
from commerce.cases import (
    MAXIMUM_MESSAGES,
    Actor,
    CaseClosed,
    CaseNotEscalated,
    CaseNotFound,
    CaseNotPossible,
    CaseReason,
    CaseState,
    Complaint,
    Outcome,
    OwnCase,
    Party,
    Ruling,
)
from commerce.catalog import NotOnOffer
from commerce.errors import InvalidRequest
from commerce.fraud import Decision, Verdict
from commerce.holds import Hold, manual_hold_id
from commerce.money import Money
from commerce.orders import OrderNotFound, OrderStatus, SellerOrderState, WaitsFor
from commerce.ports import Assessments, AuditLog, Cases, Reviews, Standings
from commerce.refunds import RefundTooLarge
from commerce.reviews import NotUnderReview, OwnOrder
from commerce.suspension import SellerNotFound

ADMIN = Actor(user_id="ann", party=Party.ADMIN)
LATER = NOON + timedelta(hours=1)
FAR = NOON.replace(year=2100)


@dataclass(frozen=True, kw_only=True)
class Office:
    """A market with goods, and what staff works with."""

    market: MarketPorts
    cases: Cases
    standings: Standings
    reviews: Reviews
    assessments: Assessments
    audit: AuditLog

    async def complaint(self, order_id: str = "o1", *, number_of: int = 2) -> str:
        """The id of a new case about lamps that arrived broken."""
        await fulfilled(self.market, order_id, {"lamp": number_of, "tea": 1})
        case, opened = await self.cases.open(about(order_id), NOON)
        assert opened
        return case.case_id

    async def escalated(self, order_id: str = "o1") -> str:
        case_id = await self.complaint(order_id)
        await self.cases.escalate(case_id, "buyer", LATER)
        return case_id


@pytest.fixture(params=["memory", "postgres"])
def stores(request: pytest.FixtureRequest) -> Office:
    if request.param == "memory":
        market = MemoryMarket()
        return Office(
            market=memory_market(market),
            cases=MemoryCases(market),
            standings=MemoryStandings(market),
            reviews=MemoryReviews(market),
            assessments=MemoryAssessments(market),
            audit=MemoryAuditLog(market),
        )
    pool = request.getfixturevalue("pool")
    return Office(
        market=postgres_market(pool),
        cases=PostgresCases(pool),
        standings=PostgresStandings(pool),
        reviews=PostgresReviews(pool),
        assessments=PostgresAssessments(pool),
        audit=PostgresAuditLog(pool),
    )


@pytest.fixture
async def office(stores: Office) -> Office:
    await stock_up(stores.market.offers, 50)
    await open_accounts(stores.market)
    return stores


def about(order_id: str = "o1", *, buyer_id: str = "buyer", seller_id: str = "ada", **more: Any) -> Complaint:
    return Complaint(
        order_id=order_id,
        seller_id=seller_id,
        buyer_id=buyer_id,
        reason=CaseReason.DAMAGED,
        text="The lamps are broken.",
        **more,
    )


def ruling(
    outcome: Outcome, amount: int | None = None, *, actor_id: str = "ann", reason: str = "photographs"
) -> Ruling:
    money = None if amount is None else Money(amount, "usd")
    return Ruling(outcome=outcome, amount=money, actor_id=actor_id, reason=reason, given_at=LATER)


async def share_of(office: Office, order_id: str = "o1", seller_id: str = "ada") -> Any:
    order = await office.market.orders.get(order_id)
    return next(share for share in order.sellers if share.seller_id == seller_id)


async def test_a_case_claims_what_the_sellers_part_cost_and_waits_for_the_seller(office: Office) -> None:
    case_id = await office.complaint()
    case = await office.cases.get(case_id, "buyer")
    assert (case.state, case.due_at) == (CaseState.WAITS_FOR_SELLER, NOON + SELLER_ANSWERS)
    assert case.claimed == Money(2 * 1999, "usd")
    assert [(one.party, one.text) for one in case.messages] == [(Party.BUYER, "The lamps are broken.")]
    assert await office.cases.get(case_id, "ada") == case


async def test_a_case_that_is_open_is_found_instead_of_opened_again(office: Office) -> None:
    case_id = await office.complaint()
    again, opened = await office.cases.open(about(), LATER)
    assert (again.case_id, opened) == (case_id, False)
    assert len(again.messages) == 1


async def test_each_sellers_part_has_a_case_of_its_own(office: Office) -> None:
    await office.complaint()
    other, opened = await office.cases.open(about(seller_id="ben", amount=100), NOON)
    assert opened
    assert other.claimed == Money(100, "usd")


@pytest.mark.parametrize(
    "wrong", [{"buyer_id": "somebody"}, {"seller_id": "nobody"}], ids=["of another buyer", "of no such seller"]
)
async def test_a_case_about_what_is_not_ones_own_is_not_found(office: Office, wrong: dict[str, str]) -> None:
    await fulfilled(office.market, "o1", {"lamp": 1})
    with pytest.raises(OrderNotFound):
        await office.cases.open(about(**wrong), NOON)


async def test_a_case_needs_a_paid_order(office: Office) -> None:
    await office.market.orders.accept(checkout("o1", {"lamp": 1}))
    with pytest.raises(CaseNotPossible, match="not paid"):
        await office.cases.open(about(), NOON)


async def test_a_case_is_opened_in_time_or_never(office: Office) -> None:
    await fulfilled(office.market, "o1", {"lamp": 1})
    last = NOON + RETURN_WINDOW + OPENED_AFTER_WINDOW
    with pytest.raises(CaseNotPossible, match="return window"):
        await office.cases.open(about(), last + timedelta(seconds=1))
    assert (await office.cases.open(about(), last))[1]


@pytest.mark.parametrize("amount", [0, 1999 * 2 + 1])
async def test_nobody_claims_more_than_the_part_cost(office: Office, amount: int) -> None:
    await fulfilled(office.market, "o1", {"lamp": 2})
    with pytest.raises(InvalidRequest, match="A claim is between"):
        await office.cases.open(about(amount=amount), NOON)


async def test_buyer_and_seller_take_turns_and_others_see_nothing(office: Office) -> None:
    case_id = await office.complaint()
    answered = await office.cases.write(case_id, "ada", "I am sorry.", LATER)
    assert (answered.state, answered.due_at) == (CaseState.WAITS_FOR_BUYER, LATER + BUYER_ANSWERS)
    again = await office.cases.write(case_id, "ada", "Are you there?", LATER)
    assert again.state is CaseState.WAITS_FOR_BUYER
    replied = await office.cases.write(case_id, "buyer", "Yes.", LATER)
    assert (replied.state, replied.due_at) == (CaseState.WAITS_FOR_SELLER, LATER + SELLER_ANSWERS)
    asked = await office.cases.write(case_id, "sue", "May I help?", LATER, Party.SUPPORT)
    assert asked.state is CaseState.WAITS_FOR_SELLER
    kept = await office.cases.get(case_id, "buyer")
    assert [one.party for one in kept.messages] == ["buyer", "seller", "seller", "buyer", "support"]
    for attempt in (
        office.cases.get(case_id, "ben"),
        office.cases.write(case_id, "ben", "Hello", LATER),
        office.cases.escalate(case_id, "somebody", LATER),
        office.cases.withdraw(case_id, "ada"),
        office.cases.get("no-such-case", "buyer"),
    ):
        with pytest.raises(CaseNotFound):
            await attempt


async def test_a_seller_who_does_not_answer_is_brought_before_the_marketplace(office: Office) -> None:
    case_id = await office.complaint()
    due = NOON + SELLER_ANSWERS
    assert await office.cases.expire_due(due - timedelta(seconds=1)) == ()
    assert await office.cases.expire_due(due) == (case_id,)
    case = await office.cases.get(case_id, "buyer")
    assert (case.state, case.due_at) == (CaseState.ESCALATED, due + MARKETPLACE_DECIDES)
    assert await office.cases.expire_due(due + timedelta(days=365)) == (), "the marketplace's own delay ends nothing"


async def test_a_buyer_who_does_not_answer_is_no_longer_heard(office: Office) -> None:
    case_id = await office.complaint()
    await office.cases.write(case_id, "ada", "Which lamps?", NOON)
    assert await office.cases.expire_due(NOON + BUYER_ANSWERS) == (case_id,)
    with pytest.raises(CaseClosed):
        await office.cases.escalate(case_id, "buyer", LATER)
    reopened, opened = await office.cases.open(about(), LATER)
    assert opened
    assert reopened.case_id != case_id


async def test_a_buyer_withdraws_once_and_for_all(office: Office) -> None:
    case_id = await office.complaint()
    for _ in range(2):
        assert (await office.cases.withdraw(case_id, "buyer")).state is CaseState.WITHDRAWN
    with pytest.raises(CaseClosed):
        await office.cases.write(case_id, "ada", "Thank you", LATER)


async def test_a_case_takes_only_so_many_messages(office: Office) -> None:
    case_id = await office.complaint()
    for number in range(MAXIMUM_MESSAGES - 1):
        await office.cases.write(case_id, "buyer", str(number), LATER)
    with pytest.raises(InvalidRequest, match="at most"):
        await office.cases.write(case_id, "buyer", "one more", LATER)


async def test_support_proposes_and_the_latest_proposal_counts(office: Office) -> None:
    case_id = await office.escalated()
    await office.cases.propose(case_id, ruling(Outcome.REJECT, actor_id="sue"), Party.SUPPORT)
    case = await office.cases.propose(case_id, ruling(Outcome.REFUND, 500, actor_id="sue"), Party.SUPPORT)
    assert case.state is CaseState.ESCALATED
    kept = (await office.cases.get(case_id, "buyer")).proposal
    assert kept is not None
    assert (kept.outcome, kept.amount, kept.actor_id) == (Outcome.REFUND, Money(500, "usd"), "sue")


async def test_the_marketplace_decides_only_what_it_was_asked_to(office: Office) -> None:
    case_id = await office.complaint()
    for rule in (office.cases.propose, office.cases.decide):
        with pytest.raises(CaseNotEscalated):
            await rule(case_id, ruling(Outcome.REJECT), Party.ADMIN)


@pytest.mark.parametrize("party", ["buyer", "ada"])
async def test_nobody_judges_in_their_own_case(office: Office, party: str) -> None:
    case_id = await office.escalated()
    with pytest.raises(OwnCase):
        await office.cases.decide(case_id, ruling(Outcome.REJECT, actor_id=party), Party.ADMIN)


@pytest.mark.parametrize("amount", [0, 2 * 1999 + 1])
async def test_a_refund_that_is_proposed_is_no_more_than_the_part_cost(office: Office, amount: int) -> None:
    case_id = await office.escalated()
    with pytest.raises(InvalidRequest, match="A refund is between"):
        await office.cases.propose(case_id, ruling(Outcome.REFUND, amount), Party.ADMIN)
    assert (await office.cases.get(case_id, "buyer")).state is CaseState.ESCALATED


@pytest.mark.parametrize("amount", [500, None])
async def test_a_refund_that_is_decided_is_booked_once(office: Office, amount: int | None) -> None:
    case_id = await office.escalated()
    share = await share_of(office)
    given = share.gross.amount if amount is None else amount
    for _ in range(2):
        case = await office.cases.decide(case_id, ruling(Outcome.REFUND, amount), Party.ADMIN)
    assert case.decision is not None
    assert (case.state, case.decision.amount) == (CaseState.DECIDED, Money(given, "usd"))
    [due] = await office.market.refunds.due(FAR)
    assert (due.refund_id, due.amount.amount) == (case.refund_id, given)
    assert (await office.market.ledger.get(f"refund/o1/ada/{case.refund_id}")) is not None
    assert (await share_of(office)).state is (SellerOrderState.HELD if amount else SellerOrderState.REFUNDED)
    assert await office.market.ledger.totals() == {"usd": 0}
    assert await office.market.holds.of_seller("ada") == ()


async def test_a_case_gives_back_no_more_than_earlier_refunds_left(office: Office) -> None:
    case_id = await office.escalated()
    await office.market.refunds.request("o1", "ada", Money(3000, "usd"), "goodwill", "sorry")
    with pytest.raises(RefundTooLarge):
        await office.cases.decide(case_id, ruling(Outcome.REFUND), Party.ADMIN)
    assert (await office.cases.get(case_id, "buyer")).state is CaseState.ESCALATED, "nothing was decided"
    await office.cases.decide(case_id, ruling(Outcome.REFUND, 2 * 1999 - 3000), Party.ADMIN)


async def test_a_rejected_claim_leaves_the_share_to_its_return_window(office: Office) -> None:
    case_id = await office.escalated()
    case = await office.cases.decide(case_id, ruling(Outcome.REJECT), Party.ADMIN)
    assert (case.state, case.due_at) == (CaseState.DECIDED, None)
    assert (await share_of(office)).state is SellerOrderState.HELD
    with pytest.raises(CaseNotPossible, match="has decided"):
        await office.cases.open(about(), LATER)


async def test_a_share_that_is_released_may_be_paid_at_once(office: Office) -> None:
    case_id = await office.escalated()
    held = (await share_of(office)).net
    for _ in range(2):
        await office.cases.decide(case_id, ruling(Outcome.RELEASE), Party.ADMIN)
    assert (await share_of(office)).state is SellerOrderState.RELEASED
    assert (await share_of(office, seller_id="ben")).state is SellerOrderState.HELD
    assert await office.market.ledger.balance("seller:ada:payable") == {"usd": -held.amount}


async def test_another_decision_about_a_decided_case_is_refused(office: Office) -> None:
    case_id = await office.escalated()
    await office.cases.decide(case_id, ruling(Outcome.REJECT), Party.ADMIN)
    with pytest.raises(CaseClosed):
        await office.cases.decide(case_id, ruling(Outcome.RELEASE), Party.ADMIN)
    assert (await share_of(office)).state is SellerOrderState.HELD


async def test_while_a_case_is_open_the_share_stays_where_it_is(office: Office) -> None:
    case_id = await office.complaint()
    closed = NOON + RETURN_WINDOW
    assert await office.market.payouts.release_due(closed) == 1, "only the other seller's"
    assert (await share_of(office)).state is SellerOrderState.HELD
    await office.cases.withdraw(case_id, "buyer")
    assert await office.market.payouts.release_due(closed) == 1
    assert (await share_of(office)).state is SellerOrderState.RELEASED


async def test_a_share_that_was_released_before_the_case_is_not_paid_while_it_is_open(office: Office) -> None:
    closed = NOON + RETURN_WINDOW
    await fulfilled(office.market, "o1", {"lamp": 1})
    await office.market.payouts.release_due(closed)
    case, _ = await office.cases.open(about(), closed)
    assert await office.market.payouts.claim(closed) == ()
    await office.cases.withdraw(case.case_id, "buyer")
    assert [payout.seller_id for payout in await office.market.payouts.claim(closed)] == ["ada"]


async def test_lists_are_paged_and_leave_the_messages_out(office: Office) -> None:
    ids = [await office.complaint(f"o{number}", number_of=1) for number in range(3)]
    first = await office.cases.of_user("buyer", 2)
    second = await office.cases.of_user("buyer", 2, first.next_cursor)
    assert [case.case_id for case in (*first.items, *second.items)] == ids[::-1]
    assert second.next_cursor is None
    assert all(case.messages == () for case in first.items)
    assert (await office.cases.of_user("ada", 10)).items == (*first.items, *second.items)
    assert (await office.cases.of_user("ben", 10)).items == ()
    await office.cases.escalate(ids[1], "buyer", LATER)
    assert [case.case_id for case in (await office.cases.queue(CaseState.ESCALATED, 10)).items] == [ids[1]]
    everything = await office.cases.queue(None, 2)
    rest = await office.cases.queue(None, 2, everything.next_cursor)
    assert [case.case_id for case in (*everything.items, *rest.items)] == ids
    with pytest.raises(InvalidRequest, match="cursor"):
        await office.cases.queue(None, 2, "../1")


async def test_what_staff_does_is_in_the_audit_log_and_what_the_parties_do_is_not(office: Office) -> None:
    case_id = await office.escalated()
    await office.cases.propose(case_id, ruling(Outcome.REFUND, 500, actor_id="sue", reason="cheap"), Party.SUPPORT)
    await office.cases.decide(case_id, ruling(Outcome.RELEASE), Party.ADMIN)
    found = [one.entry for one in (await office.audit.search(AuditQuery(), 10)).items]
    assert [(one.action, one.actor_id, one.role, one.reason) for one in found] == [
        ("case_decided", "ann", "admin", "photographs"),
        ("case_proposed", "sue", "support", "cheap"),
    ]
    assert found[0].before == {"state": "escalated", "outcome": "refund", "amount": 500}
    assert found[0].after == {"state": "decided", "outcome": "release", "amount": None}
    assert {(one.subject_type, one.subject_id) for one in found} == {("case", case_id)}


async def test_a_share_that_staff_holds_by_hand_is_in_the_audit_log(office: Office) -> None:
    await fulfilled(office.market, "o1", {"lamp": 1})
    placed = Hold(
        hold_id=manual_hold_id("o1", "ada"),
        seller_id="ada",
        order_id="o1",
        reason="looks odd",
        placed_by="sue",
        placed_at=NOON,
    )
    for _ in range(2):
        await office.market.holds.place(placed)
    await office.market.holds.lift("ada", placed.hold_id, by="ann", reason="it is fine", now=LATER)
    found = [one.entry for one in (await office.audit.search(AuditQuery(subject_type="share"), 10)).items]
    assert [(one.actor_id, one.action, one.reason) for one in found] == [
        ("ann", "share_let_go", "it is fine"),
        ("sue", "share_held", "looks odd"),
    ]


async def test_the_audit_log_is_searched_by_who_what_and_when(office: Office) -> None:
    for number, (actor, seller) in enumerate([("ann", "ada"), ("bob", "ada"), ("ann", "ben")]):
        who, when = replace(ADMIN, user_id=actor), NOON + timedelta(days=number)
        await office.standings.suspend(seller, who, f"reason {number}", when)
        await office.standings.reinstate(seller, who, "mended", when)
    search: Callable[..., Any] = lambda **query: office.audit.search(AuditQuery(**query), 50)  # noqa: E731
    assert len((await search()).items) == 6
    assert {one.entry.actor_id for one in (await search(actor_id="ann")).items} == {"ann"}
    assert len((await search(action="seller_suspended")).items) == 3
    assert len((await search(subject_type="seller", subject_id="ada")).items) == 4
    assert len((await search(subject_type="case")).items) == 0
    day = await search(since=NOON + timedelta(days=1), until=NOON + timedelta(days=2))
    assert [one.entry.actor_id for one in day.items] == ["bob", "bob"]
    first = await office.audit.search(AuditQuery(actor_id="ann"), 3)
    second = await office.audit.search(AuditQuery(actor_id="ann"), 3, first.next_cursor)
    ids = [one.entry_id for one in (*first.items, *second.items)]
    assert ids == sorted(ids, reverse=True)
    assert len(set(ids)) == 4
    assert second.next_cursor is None


async def test_a_suspended_seller_sells_nothing_until_it_is_reinstated(office: Office) -> None:
    standing = await office.standings.suspend("ada", ADMIN, "counterfeits", NOON)
    assert (standing.suspended_at, standing.reason) == (NOON, "counterfeits")
    assert await office.standings.suspend("ada", ADMIN, "again", LATER) == standing, "the first reason stays"
    with pytest.raises(NotOnOffer):
        await office.market.orders.accept(checkout("o1", {"lamp": 1}))
    with pytest.raises(NotOnOffer):
        await office.market.orders.accept(checkout("o2", {"lamp": 1, "tea": 1}))
    assert (await office.market.offers.listings(["product-of-lamp"]))["product-of-lamp"] == ()
    assert "lamp" not in await office.market.offers.get(["lamp", "tea"])
    await office.market.orders.accept(checkout("o3", {"tea": 1}))
    assert [one.seller_id for one in (await office.standings.suspended(10)).items] == ["ada"]

    again = await office.standings.reinstate("ada", ADMIN, "explained", LATER)
    assert (again.suspended_at, again.reason) == (None, None)
    assert await office.standings.reinstate("ada", ADMIN, "twice", LATER) == again
    await office.market.orders.accept(checkout("o4", {"lamp": 1}))
    assert (await office.standings.suspended(10)).items == ()
    assert len((await office.audit.search(AuditQuery(), 10)).items) == 2


async def test_the_shares_of_a_suspended_seller_are_neither_released_nor_paid(office: Office) -> None:
    closed = NOON + RETURN_WINDOW
    await fulfilled(office.market, "o1", {"lamp": 1})
    await office.market.payouts.release_due(closed)
    await fulfilled(office.market, "o2", {"lamp": 1})
    await office.standings.suspend("ada", ADMIN, "counterfeits", NOON)
    assert await office.market.payouts.release_due(closed) == 0
    assert await office.market.payouts.claim(closed) == ()
    await office.standings.reinstate("ada", ADMIN, "explained", LATER)
    assert await office.market.payouts.release_due(closed) == 1
    assert len(await office.market.payouts.claim(closed)) == 2


async def test_an_order_of_a_suspended_seller_that_was_accepted_before_goes_on(office: Office) -> None:
    await office.market.orders.accept(checkout("o1", {"lamp": 1}))
    await office.standings.suspend("ada", ADMIN, "counterfeits", NOON)
    await office.market.orders.record_authorization("o1", "pi_o1")
    await office.market.orders.confirm_stock("o1")
    assert (await office.market.orders.get("o1")).status is OrderStatus.CONFIRMED


async def test_a_seller_that_does_not_exist_is_not_suspended(office: Office) -> None:
    for attempt in (
        office.standings.get("nobody"),
        office.standings.suspend("nobody", ADMIN, "why", NOON),
        office.standings.reinstate("nobody", ADMIN, "why", NOON),
    ):
        with pytest.raises(SellerNotFound):
            await attempt


async def under_review(office: Office, order_id: str = "o1") -> None:
    await office.market.orders.accept(checkout(order_id, {"lamp": 1}))
    await office.assessments.record(order_id, assessed(Decision.REVIEW))
    await office.market.orders.wait(order_id, WaitsFor.REVIEW, NOON + timedelta(days=3650))


def verdict(*, approved: bool, actor_id: str = "ann") -> Verdict:
    return Verdict(approved=approved, actor_id=actor_id, reason="called the buyer", given_at=LATER)


async def test_orders_under_review_are_listed_longest_first(office: Office) -> None:
    await office.market.orders.accept(checkout("fine", {"lamp": 1}))
    await office.assessments.record("fine", assessed(Decision.ALLOW))
    for order_id in ("o1", "o2", "o3"):
        await under_review(office, order_id)
    first = await office.reviews.queue(2)
    second = await office.reviews.queue(2, first.next_cursor)
    assert [one.order.order_id for one in (*first.items, *second.items)] == ["o1", "o2", "o3"]
    assert second.next_cursor is None
    assert first.items[0].assessment == assessed(Decision.REVIEW)


async def test_an_approved_order_goes_on(office: Office) -> None:
    await under_review(office)
    for _ in range(2):
        review = await office.reviews.give_verdict("o1", ADMIN, verdict(approved=True))
    assert review.assessment.outcome is Decision.ALLOW
    assert review.order.waits_for is None
    assert (await office.reviews.queue(10)).items == ()
    dispatches = await office.market.outbox.take(10, timedelta(minutes=1))
    assert [one.attempt for one in dispatches if one.order_id == "o1"] == [1, 2]
    [entry] = (await office.audit.search(AuditQuery(), 10)).items
    assert (entry.entry.action, entry.entry.subject_id, entry.entry.reason) == (
        "order_approved",
        "o1",
        "called the buyer",
    )


async def test_a_refused_order_is_stopped(office: Office) -> None:
    await under_review(office)
    review = await office.reviews.give_verdict("o1", ADMIN, verdict(approved=False))
    assert (review.assessment.outcome, review.order.stop_reason) == (Decision.REFUSE, "rejected_by_review")
    with pytest.raises(NotUnderReview):
        await office.reviews.give_verdict("o1", ADMIN, verdict(approved=True))


async def test_an_order_that_does_not_wait_for_a_review_gets_no_verdict(office: Office) -> None:
    await office.market.orders.accept(checkout("o1", {"lamp": 1}))
    with pytest.raises(OrderNotFound):
        await office.reviews.give_verdict("o1", ADMIN, verdict(approved=True))
    await office.assessments.record("o1", assessed(Decision.REVIEW))
    with pytest.raises(NotUnderReview):
        await office.reviews.give_verdict("o1", ADMIN, verdict(approved=True))
    await office.market.orders.wait("o1", WaitsFor.REVIEW, NOON)
    await office.market.orders.stop("o1", "canceled_by_buyer", "buyer")
    with pytest.raises(NotUnderReview):
        await office.reviews.give_verdict("o1", ADMIN, verdict(approved=True))


async def test_nobody_reviews_their_own_order(office: Office) -> None:
    await under_review(office)
    with pytest.raises(OwnOrder):
        await office.reviews.give_verdict("o1", replace(ADMIN, user_id="buyer"), verdict(approved=True))
