"""How a case goes from one state to the next.

Who lets the time run out loses their turn: a seller who does not answer is brought before the marketplace, a buyer who
does not is no longer heard. An adapter locks the case, asks here, and stores the answer in the same database
transaction.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from commerce.audit import AuditEntry
from commerce.cases import (
    MAXIMUM_MESSAGES,
    Actor,
    Case,
    CaseClosed,
    CaseNotEscalated,
    CaseNotFound,
    CaseNotPossible,
    CaseState,
    Complaint,
    Message,
    Outcome,
    Party,
    Ruling,
)
from commerce.errors import InvalidRequest
from commerce.events import DomainEvent, EventType
from commerce.holds import Hold, case_hold_id
from commerce.money import Money
from commerce.orders import IllegalTransition, Order, OrderNotFound, OrderStatus, SellerOrder, SellerOrderState

_CASES = uuid.UUID("5a3b8f2c-7f0e-4a5d-9a55-2f2b1c9e8d10")
SELLER_ANSWERS = timedelta(days=3)
BUYER_ANSWERS = timedelta(days=7)
MARKETPLACE_DECIDES = timedelta(days=5)
OPENED_AFTER_WINDOW = timedelta(days=30)
"""So long after the return window has closed a case can still be opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseChange:
    """The case as it becomes, and what is stored together with it."""

    case: Case
    events: tuple[DomainEvent, ...] = ()
    audit: AuditEntry | None = None


def hold_of(case: Case) -> Hold:
    """What keeps the share of an open case where it is."""
    return Hold(
        hold_id=case_hold_id(case.case_id),
        seller_id=case.seller_id,
        order_id=case.order_id,
        reason=f"case: {case.reason}",
        placed_by=case.buyer_id,
        placed_at=case.opened_at,
    )


def lifted_hold_of(case: Case, now: datetime) -> Hold:
    """The hold of a case that is closed."""
    by = case.decision.actor_id if case.decision else case.buyer_id
    return replace(hold_of(case), lifted_by=by, lifted_at=now, lift_reason=f"case {case.state}")


def case_id_for(order_id: str, seller_id: str, number: int) -> str:
    """The id of the `number`-th case about a seller's part of an order."""
    return str(uuid.uuid5(_CASES, f"{order_id}\n{seller_id}\n{number}"))


def open_case(complaint: Complaint, order: Order, earlier: tuple[Case, ...], now: datetime) -> CaseChange | None:
    """The new case. None when one is open already, which `earlier`, the cases of this part, then contains.

    Raises OrderNotFound, CaseNotPossible, InvalidRequest.
    """
    if order.buyer_id != complaint.buyer_id:
        raise OrderNotFound(order.order_id)
    share = _share(order, complaint.seller_id)
    if any(not one.state.closed for one in earlier):
        return None
    if order.status not in (OrderStatus.CAPTURED, OrderStatus.FULFILLED):
        raise CaseNotPossible(order.order_id, f"the order is {order.status}, not paid")
    if any(one.state is CaseState.DECIDED for one in earlier):
        raise CaseNotPossible(order.order_id, "the marketplace has decided a case about it")
    if share.held_until is not None and now > share.held_until + OPENED_AFTER_WINDOW:
        raise CaseNotPossible(order.order_id, f"its return window closed more than {OPENED_AFTER_WINDOW.days} days ago")
    claimed = _claimed(complaint.amount, share)
    case = Case(
        case_id=case_id_for(order.order_id, share.seller_id, len(earlier) + 1),
        order_id=order.order_id,
        seller_id=share.seller_id,
        buyer_id=order.buyer_id,
        reason=complaint.reason,
        claimed=claimed,
        state=CaseState.WAITS_FOR_SELLER,
        opened_at=now,
        due_at=now + SELLER_ANSWERS,
        messages=(_message(Actor(user_id=order.buyer_id, party=Party.BUYER), complaint.text, now),),
    )
    return CaseChange(case=case, events=(_event(EventType.CASE_OPENED, case),))


def write(case: Case, actor: Actor, text: str, now: datetime) -> CaseChange:
    """A message, and the other side's turn. The marketplace's own messages, and those to it, change no turn.

    Raises CaseClosed, InvalidRequest for one message too many.
    """
    _must_be_open(case)
    if len(case.messages) >= MAXIMUM_MESSAGES:
        raise InvalidRequest(f"A case has at most {MAXIMUM_MESSAGES} messages.", case_id=case.case_id)
    written = replace(case, messages=(*case.messages, _message(actor, text, now)))
    if case.state is CaseState.WAITS_FOR_SELLER and actor.party is Party.SELLER:
        written = replace(written, state=CaseState.WAITS_FOR_BUYER, due_at=now + BUYER_ANSWERS)
    elif case.state is CaseState.WAITS_FOR_BUYER and actor.party is Party.BUYER:
        written = replace(written, state=CaseState.WAITS_FOR_SELLER, due_at=now + SELLER_ANSWERS)
    return CaseChange(case=written, events=(_event(EventType.CASE_MESSAGE, written, party=actor.party),))


def escalate(case: Case, actor: Actor, now: datetime) -> CaseChange | None:
    """The marketplace is to decide. None when it is asked already. Raises CaseClosed."""
    _must_be_open(case)
    if case.state is CaseState.ESCALATED:
        return None
    escalated = replace(case, state=CaseState.ESCALATED, due_at=now + MARKETPLACE_DECIDES)
    audit = _audit("case_escalated", actor, "", now, before=case, after=escalated) if actor.party.staff else None
    return CaseChange(
        case=escalated, events=(_event(EventType.CASE_ESCALATED, escalated, party=actor.party),), audit=audit
    )


def withdraw(case: Case, actor: Actor) -> CaseChange | None:
    """The buyer no longer complains. None when that was said before.

    Raises CaseClosed for another end, and CaseNotFound for anybody but the buyer.
    """
    if actor.party is not Party.BUYER:
        raise CaseNotFound(case.case_id)
    if case.state is CaseState.WITHDRAWN:
        return None
    _must_be_open(case)
    withdrawn = replace(case, state=CaseState.WITHDRAWN, due_at=None)
    return CaseChange(case=withdrawn, events=(_event(EventType.CASE_CLOSED, withdrawn, end=withdrawn.state),))


def expire(case: Case, now: datetime) -> CaseChange | None:
    """What follows from a turn that was not taken in time. None for a case that is not overdue, or with the marketplace
    already."""
    if case.due_at is None or now < case.due_at or case.state.closed:
        return None
    if case.state is CaseState.WAITS_FOR_SELLER:
        escalated = replace(case, state=CaseState.ESCALATED, due_at=now + MARKETPLACE_DECIDES)
        return CaseChange(case=escalated, events=(_event(EventType.CASE_ESCALATED, escalated, party="deadline"),))
    if case.state is CaseState.WAITS_FOR_BUYER:
        expired = replace(case, state=CaseState.EXPIRED, due_at=None)
        return CaseChange(case=expired, events=(_event(EventType.CASE_CLOSED, expired, end=expired.state),))
    return None


def propose(case: Case, actor: Actor, ruling: Ruling, order: Order) -> CaseChange:
    """What support, or an administrator, would decide. The latest proposal counts.

    Raises CaseClosed, CaseNotEscalated, InvalidRequest.
    """
    _must_be_escalated(case)
    checked = _checked(ruling, order, case)
    proposed = replace(case, proposal=checked)
    return CaseChange(
        case=proposed,
        audit=_audit("case_proposed", actor, checked.reason, ruling.given_at, before=case, after=proposed),
    )


def decide(case: Case, actor: Actor, ruling: Ruling, order: Order) -> CaseChange | None:
    """The end of the case; the money follows in the same transaction. None for the same decision once more.

    Raises CaseClosed for another decision, CaseNotEscalated, InvalidRequest.
    """
    known = case.decision
    if known is not None:
        amount = (ruling.amount or case.claimed) if ruling.outcome is Outcome.REFUND else ruling.amount
        if (known.outcome, known.amount, known.actor_id) == (ruling.outcome, amount, ruling.actor_id):
            return None
    _must_be_escalated(case)
    checked = _checked(ruling, order, case)
    decided = replace(case, state=CaseState.DECIDED, due_at=None, decision=checked)
    return CaseChange(
        case=decided,
        events=(_event(EventType.CASE_CLOSED, decided, end=checked.outcome),),
        audit=_audit("case_decided", actor, checked.reason, ruling.given_at, before=case, after=decided),
    )


def refund_of(case: Case) -> Money | None:
    """What the decision of a case gives back to the buyer."""
    decision = case.decision
    return decision.amount if decision is not None and decision.outcome is Outcome.REFUND else None


def must_release(order: Order, seller_id: str) -> bool:
    """Whether the share is still to be released, before its return window closes: False when it has been.

    Raises IllegalTransition for a share that was never held or is no longer: there is nothing to release.
    """
    state = _share(order, seller_id).state
    if state is SellerOrderState.RELEASED:
        return False
    if state is not SellerOrderState.HELD or order.status is not OrderStatus.FULFILLED:
        raise IllegalTransition(
            order.order_id, f"releasing the share of seller {seller_id}", f"{order.status}, {state}"
        )
    return True


def _checked(ruling: Ruling, order: Order, case: Case) -> Ruling:
    share = _share(order, case.seller_id)
    if ruling.outcome is not Outcome.REFUND:
        if ruling.amount is not None:
            raise InvalidRequest(f"Only a refund has an amount, {ruling.outcome} has none.", case_id=case.case_id)
        return ruling
    amount = ruling.amount or case.claimed
    if amount.currency != share.gross.currency or not 0 < amount.amount <= share.gross.amount:
        raise InvalidRequest(
            f"A refund is between 1 and the gross of {share.gross}, not {amount}.", case_id=case.case_id
        )
    return replace(ruling, amount=amount)


def _claimed(amount: int | None, share: SellerOrder) -> Money:
    if amount is None:
        return share.gross
    if not 0 < amount <= share.gross.amount:
        raise InvalidRequest(f"A claim is between 1 and {share.gross.amount}, what this part cost, not {amount}.")
    return Money(amount, share.gross.currency)


def _share(order: Order, seller_id: str) -> SellerOrder:
    for share in order.sellers:
        if share.seller_id == seller_id:
            return share
    raise OrderNotFound(order.order_id)


def _message(actor: Actor, text: str, now: datetime) -> Message:
    return Message(author_id=actor.user_id, party=actor.party, text=text, written_at=now)


def _must_be_open(case: Case) -> None:
    if case.state.closed:
        raise CaseClosed(case.case_id, case.state)


def _must_be_escalated(case: Case) -> None:
    _must_be_open(case)
    if case.state is not CaseState.ESCALATED:
        raise CaseNotEscalated(case.case_id, case.state)


def _event(type: EventType, case: Case, **data: str) -> DomainEvent:
    facts = {
        "order_id": case.order_id,
        "buyer_id": case.buyer_id,
        "seller_id": case.seller_id,
        "reason": case.reason.value,
        "state": case.state.value,
    }
    return DomainEvent(type=type, subject_id=case.case_id, data={**facts, **data})


def _audit(action: str, actor: Actor, reason: str, now: datetime, *, before: Case, after: Case) -> AuditEntry:
    return AuditEntry(
        actor_id=actor.user_id,
        role=actor.party,
        action=action,
        subject_type="case",
        subject_id=before.case_id,
        before=_facts(before),
        after=_facts(after),
        reason=reason,
        happened_at=now,
    )


def _facts(case: Case) -> dict[str, str | int | None]:
    ruling = case.decision or case.proposal
    return {
        "state": case.state.value,
        "outcome": ruling.outcome.value if ruling else None,
        "amount": ruling.amount.amount if ruling and ruling.amount else None,
    }
