"""Refunds: what a buyer gets back of one seller's part of an order, and who bears it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from commerce.errors import InvalidRequest, MarketplaceError
from commerce.events import DomainEvent, EventType
from commerce.holds import Hold
from commerce.ledger import COMMISSION, LOSSES, PROCESSOR, LedgerTransaction, held, payable, transaction
from commerce.money import Money
from commerce.orders import IllegalTransition, SellerOrder, SellerOrderState
from commerce.payouts import Payout, PayoutState

REVERSAL_ATTEMPTS = 8
"""For some hours the processor is asked to take a transfer back. Then the seller's later payouts recover it."""


class RefundState(StrEnum):
    """requested -> paid (the buyer has the money) -> settled (what the seller had of it has come back); or failed: the
    money came back from the buyer's bank, and the buyer has to be paid in another way."""

    REQUESTED = "requested"
    PAID = "paid"
    SETTLED = "settled"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """`reversal` is what is to be taken back from the seller's account, zero before the transfer. `covered` is what a
    refund that failed had left with the platform and pays for this one; `credited` is what this one left when it
    failed.
    """

    refund_id: str
    order_id: str
    seller_id: str
    amount: Money
    reversal: Money
    reason: str
    requested_at: datetime
    state: RefundState = RefundState.REQUESTED
    payment_intent_id: str | None = None
    transfer_id: str | None = None
    processor_refund_id: str | None = None
    reversal_id: str | None = None
    attempts: int = 0
    covered: int = 0
    credited: int = 0

    @property
    def live(self) -> bool:
        return self.state is not RefundState.FAILED


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the earlier refunds of a share come to, in minor units: `refunded` to the buyer, `reversed` of the transfer
    or about to be, and `spare`: left with the platform by refunds that failed."""

    refunded: int = 0
    reversed: int = 0
    spare: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Requested:
    """A refund that may be made, the state of the share with it, and what goes to the ledger."""

    refund: Refund
    share_state: SellerOrderState
    posts: LedgerTransaction


def request(
    order_id: str,
    share: SellerOrder,
    *,
    refund_id: str,
    amount: Money,
    reason: str,
    given: Given,
    still_held: Money,
    payout: Payout | None,
    commission_returned: bool,
    now: datetime,
    source: str = PROCESSOR,
) -> Requested:
    """Give back `amount` of a share of which `given` was given back before and the ledger still holds `still_held`.

    What is held pays first, and the rest is what the seller owes: a later payout recovers it, or a reversal when this
    share was transferred, of no more than what is left of the transfer. `commission_returned` is the platform's policy:
    with it the platform gives back its commission in proportion, without it the seller bears the whole refund. `source`
    is the account that the buyer's money comes from. Raises RefundTooLarge, and IllegalTransition for a share that was
    not paid for.
    """
    if share.state in (SellerOrderState.PENDING, SellerOrderState.CANCELED):
        raise IllegalTransition(order_id, f"refunding the share of seller {share.seller_id}", share.state)
    refunded = Money(given.refunded, share.gross.currency)
    left = share.gross - refunded
    if not 0 < amount.amount <= left.amount:
        raise RefundTooLarge(order_id, share.seller_id, left)
    own = _borne(share, refunded + amount, commission_returned) - _borne(share, refunded, commission_returned)
    from_held = Money(min(own.amount, max(still_held.amount, 0)), own.currency)
    transferred = payout is not None and payout.state in (PayoutState.CLAIMED, PayoutState.SENT)
    beyond = own.amount - from_held.amount
    covered = min(beyond, given.spare) if transferred else 0
    unreversed = 0
    # Of a share with several transfers nothing is reversed: the refund is a debt, which later payouts recover.
    if payout is not None and transferred and not payout.earlier_transfers:
        unreversed = payout.amount.amount - given.reversed
    reversal = max(0, min(beyond - covered, unreversed))
    whole = amount == left and share.state is SellerOrderState.HELD
    return Requested(
        refund=Refund(
            refund_id=refund_id,
            order_id=order_id,
            seller_id=share.seller_id,
            amount=amount,
            reversal=Money(reversal, own.currency),
            covered=covered,
            reason=reason,
            requested_at=now,
        ),
        share_state=SellerOrderState.REFUNDED if whole else share.state,
        posts=transaction(
            f"refund/{order_id}/{share.seller_id}/{refund_id}",
            order_id,
            [
                (source, -amount),
                (COMMISSION, amount - own),
                (held(share.seller_id), from_held),
                (payable(share.seller_id), own - from_held),
            ],
        ),
    )


def given(earlier: Iterable[Refund]) -> Given:
    """What the earlier refunds of one share come to."""
    earlier = tuple(earlier)
    return Given(
        refunded=sum(one.amount.amount for one in earlier if one.live),
        reversed=sum(one.reversal.amount for one in earlier if one.live or one.reversal_id is not None),
        spare=sum(one.credited for one in earlier) - sum(one.covered for one in earlier if one.live),
    )


def again(refund_id: str, number: int) -> str:
    """The id of the `number`-th attempt at a refund. The processor would find the failed one by the first's."""
    return refund_id if number == 1 else f"{refund_id}/{number}"


def ledger_id(refund: Refund) -> str:
    """The ledger's transaction of a refund."""
    return f"refund/{refund.order_id}/{refund.seller_id}/{refund.refund_id}"


def unreversed(refund: Refund) -> Refund:
    """Nothing is taken back from the seller's account for this refund any more: the ledger has it as a debt, which
    later payouts recover."""
    state = RefundState.SETTLED if refund.state is RefundState.PAID else refund.state
    return replace(refund, reversal=refund.reversal - refund.reversal, state=state)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A refund, or its reversal, that the processor refused, as it goes on, and when what is open of it is due."""

    refund: Refund
    due_at: datetime
    posts: LedgerTransaction | None = None


def refused(refund: Refund, losses: Money, now: datetime) -> Refused:
    """What follows when the processor refuses to pay a refund, or to take back what the seller had of it.

    `losses` is what the platform lost by the order: money that the buyer has, by a chargeback or by a refund of the
    dashboard, beyond what was left of the shares. A refund that it covers has been paid by it.
    """
    if refund.state is RefundState.REQUESTED and losses.amount >= refund.amount.amount:
        paid = replace(
            refund,
            state=RefundState.PAID if refund.reversal.amount else RefundState.SETTLED,
            processor_refund_id=f"loss/{refund.order_id}",
            attempts=0,
        )
        covered = transaction(
            f"covered/{refund.refund_id}", refund.order_id, [(PROCESSOR, refund.amount), (LOSSES, -refund.amount)]
        )
        return Refused(refund=paid, due_at=now, posts=covered)
    counted = replace(refund, attempts=refund.attempts + 1)
    if refund.state is RefundState.PAID and counted.attempts >= REVERSAL_ATTEMPTS:
        return Refused(refund=unreversed(counted), due_at=now)
    return Refused(refund=counted, due_at=now + timedelta(minutes=min(2**refund.attempts, 360)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A refund whose money came back, and what follows: the share's state, the ledger, and a hold until the buyer is
    paid in another way."""

    refund: Refund
    share_state: SellerOrderState
    posts: LedgerTransaction
    hold: Hold


def fail(
    refund: Refund,
    share: SellerOrder,
    *,
    processor_refund_id: str,
    posted: LedgerTransaction,
    payout: Payout | None,
    reason: str,
    now: datetime,
) -> Failed | None:
    """Take back what `posted` says of a refund that failed. None when that was done before."""
    if not refund.live:
        return None
    released = share.state not in (SellerOrderState.HELD, SellerOrderState.REFUNDED)
    from_held = sum(one.amount.amount for one in posted.entries if one.account == held(share.seller_id))
    transferred = payout is not None and payout.state in (PayoutState.CLAIMED, PayoutState.SENT)
    back = [
        (payable(share.seller_id) if released and one.account == held(share.seller_id) else one.account, -one.amount)
        for one in posted.entries
    ]
    credited = (from_held if released and transferred else 0) + (refund.reversal.amount if refund.reversal_id else 0)
    failed = replace(
        refund,
        state=RefundState.FAILED,
        processor_refund_id=refund.processor_refund_id or processor_refund_id,
        credited=credited,
    )
    return Failed(
        refund=failed,
        share_state=SellerOrderState.HELD if share.state is SellerOrderState.REFUNDED else share.state,
        posts=transaction(f"failed-{posted.transaction_id}", refund.order_id, back),
        hold=Hold(
            hold_id=failed_hold_id(refund.order_id, refund.seller_id),
            seller_id=refund.seller_id,
            order_id=refund.order_id,
            reason=f"refund {refund.refund_id} failed ({reason}): the buyer is still to be paid",
            placed_by="payment-webhook",
            placed_at=now,
        ),
    )


def failed_hold_id(order_id: str, seller_id: str) -> str:
    """A share waits while its buyer is owed a refund that failed."""
    return f"refund/{order_id}/{seller_id}"


def lifted_by(refund: Refund) -> Hold:
    """The hold of a failed refund, which the next refund of the share lifts."""
    return Hold(
        hold_id=failed_hold_id(refund.order_id, refund.seller_id),
        seller_id=refund.seller_id,
        order_id=refund.order_id,
        reason="a refund failed",
        placed_by="payment-webhook",
        placed_at=refund.requested_at,
        lifted_by="refunds",
        lifted_at=refund.requested_at,
        lift_reason=f"refund {refund.refund_id} was asked for",
    )


def lost_id(processor_id: str) -> str:
    """The ledger's transaction of what no share bears of a refund that was not asked for here, or of a chargeback."""
    return f"refund/{processor_id}"


def lost(processor_id: str, order_id: str, amount: Money, source: str) -> LedgerTransaction:
    """The platform bears it."""
    return transaction(lost_id(processor_id), order_id, [(source, -amount), (LOSSES, amount)])


def parts_of(amount: Money, lefts: Sequence[Money]) -> tuple[tuple[Money, ...], Money]:
    """A refund of a whole charge, by shares: in proportion to what is left of each. And what nothing is left for."""
    left = sum(one.amount for one in lefts)
    within = Money(min(amount.amount, left), amount.currency)
    parts = within.split([one.amount for one in lefts]) if left else tuple(lefts)
    return parts, amount - within


def made(refund: Refund) -> DomainEvent:
    """What to tell of a refund that the buyer has."""
    return DomainEvent(
        type=EventType.REFUND_MADE,
        subject_id=refund.order_id,
        data={
            "seller_id": refund.seller_id,
            "refund_id": refund.refund_id,
            "amount": refund.amount.amount,
            "currency": refund.amount.currency,
        },
    )


def _borne(share: SellerOrder, refunded: Money, commission_returned: bool) -> Money:
    """What the seller bears when `refunded` was given back in all: refunds in parts come to the same as one."""
    if not commission_returned:
        return refunded
    _, own = refunded.split([share.commission.amount, share.net.amount])
    return own


class RefundTooLarge(InvalidRequest):
    """More than what is left of the buyer's payment to this seller."""

    code = "refund-too-large"
    title = "More than was paid cannot be given back"

    def __init__(self, order_id: str, seller_id: str, left: Money) -> None:
        super().__init__(
            f"Of the part of seller {seller_id} in order {order_id}, {left} can still be given back.",
            order_id=order_id,
            seller_id=seller_id,
            left=left.amount,
        )
        self.left = left


class RefundConflict(MarketplaceError):
    """The refund's id was used for another refund. Nothing was written."""

    status = 409
    code = "refund-conflict"
    title = "There is another refund of this id"

    def __init__(self, refund_id: str) -> None:
        super().__init__(f"Refund {refund_id} exists with another share or amount.", refund_id=refund_id)
