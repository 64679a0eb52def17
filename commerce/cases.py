"""Cases: a buyer and a seller disagree about a part of an order, and how that ends.

A case waits for one of the two, by turns, until one of them asks the marketplace to decide. While it is open the
seller's share stays where it is. `commerce.case_rules` says how a case goes from one state to the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from commerce.errors import MarketplaceError
from commerce.money import Money

MAXIMUM_MESSAGES = 200
MAXIMUM_TEXT = 4_000


class CaseReason(StrEnum):
    NOT_RECEIVED = "not_received"
    NOT_AS_DESCRIBED = "not_as_described"
    DAMAGED = "damaged"
    OTHER = "other"


class CaseState(StrEnum):
    """waits_for_seller <-> waits_for_buyer -> escalated -> decided; withdrawn or expired instead."""

    WAITS_FOR_SELLER = "waits_for_seller"
    WAITS_FOR_BUYER = "waits_for_buyer"
    ESCALATED = "escalated"
    DECIDED = "decided"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"

    @property
    def closed(self) -> bool:
        return self in (CaseState.DECIDED, CaseState.WITHDRAWN, CaseState.EXPIRED)


class Party(StrEnum):
    """Who does something in a case."""

    BUYER = "buyer"
    SELLER = "seller"
    SUPPORT = "support"
    ADMIN = "admin"

    @property
    def staff(self) -> bool:
        return self in (Party.SUPPORT, Party.ADMIN)


class Outcome(StrEnum):
    """refund: the buyer gets money back. release: the seller may be paid at once. reject: nothing changes."""

    REFUND = "refund"
    RELEASE = "release"
    REJECT = "reject"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts, and as what."""

    user_id: str
    party: Party


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    author_id: str
    party: Party
    text: str
    written_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """How a case should end (a proposal) or ends (the decision). `amount` is what a refund gives back, else null."""

    outcome: Outcome
    actor_id: str
    reason: str
    given_at: datetime
    amount: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """`due_at` is when the present turn ends, null once the case is closed. `claimed` is what the buyer asks for."""

    case_id: str
    order_id: str
    seller_id: str
    buyer_id: str
    reason: CaseReason
    claimed: Money
    state: CaseState
    opened_at: datetime
    due_at: datetime | None
    messages: tuple[Message, ...] = ()
    proposal: Ruling | None = None
    decision: Ruling | None = None

    @property
    def refund_id(self) -> str:
        """The id of the refund that this case can end with: one, whoever decides and however often."""
        return f"case-{self.case_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePage:
    """`next_cursor` is opaque, null on the last page."""

    items: tuple[Case, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """What a buyer complains about. `amount`, in minor units, is all that the seller's part cost unless it is given."""

    order_id: str
    seller_id: str
    buyer_id: str
    reason: CaseReason
    text: str
    amount: int | None = None


def acting(case: Case, user_id: str, staff: Party | None = None) -> Actor:
    """As what somebody acts in a case: as one of the marketplace's `staff`, else as its buyer or its seller.

    Raises CaseNotFound for anybody else, and OwnCase for staff in a case about their own purchase or sale.
    """
    mine = user_id in (case.buyer_id, case.seller_id)
    if staff is not None:
        if mine:
            raise OwnCase(case.case_id, user_id)
        return Actor(user_id=user_id, party=staff)
    if not mine:
        raise CaseNotFound(case.case_id)
    return Actor(user_id=user_id, party=Party.BUYER if user_id == case.buyer_id else Party.SELLER)


class CaseNotFound(MarketplaceError):
    status = 404
    code = "case-not-found"
    title = "There is no such case"

    def __init__(self, case_id: str) -> None:
        super().__init__(f"There is no case {case_id}, or it is not yours.", case_id=case_id)
        self.case_id = case_id


class OwnCase(MarketplaceError):
    """Nobody judges in their own case."""

    status = 403
    code = "own-case"
    title = "You are a party of this case"

    def __init__(self, case_id: str, user_id: str) -> None:
        super().__init__(f"User {user_id} is a party of case {case_id}: somebody else must handle it.", case_id=case_id)
        self.case_id = case_id


class CaseNotPossible(MarketplaceError):
    """No case can be opened about this part of the order."""

    status = 409
    code = "case-not-possible"
    title = "No case can be opened"

    def __init__(self, order_id: str, why: str) -> None:
        super().__init__(f"No case can be opened about order {order_id}: {why}.", order_id=order_id)
        self.order_id = order_id


class CaseClosed(MarketplaceError):
    status = 409
    code = "case-closed"
    title = "The case is closed"

    def __init__(self, case_id: str, state: str) -> None:
        super().__init__(f"Case {case_id} is {state}: nothing can be added.", case_id=case_id, state=state)
        self.case_id = case_id
        self.state = state


class CaseNotEscalated(MarketplaceError):
    """The marketplace decides what it was asked to decide."""

    status = 409
    code = "case-not-escalated"
    title = "The case is still between buyer and seller"

    def __init__(self, case_id: str, state: str) -> None:
        super().__init__(f"Case {case_id} is {state}. Escalate it first.", case_id=case_id, state=state)
        self.case_id = case_id
        self.state = state
