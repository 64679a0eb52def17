"""When a seller's share may leave the platform, and how much of it: pure functions of order, time and ledger."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from commerce.errors import InvalidRequest
from commerce.events import DomainEvent, EventType
from commerce.ledger import transfer_id_in_ledger
from commerce.money import Money
from commerce.orders import IllegalTransition, SellerOrder, SellerOrderState

RETRY_REFUSED_AFTER = timedelta(hours=1)
"""A transfer that the processor refused is tried again: an account may have been put in order meanwhile."""
LEASE = timedelta(minutes=5)
"""A claim that is not settled by then is sent again, by whoever comes first: the processor makes it once."""
LOOK_AGAIN_AFTER = timedelta(days=1)
"""A seller with a refund whose money came back may be owed anew, at once or when a hold is lifted."""


class PayoutState(StrEnum):
    """claimed -> sent, or settled when the whole share repaid a debt; refused is claimed again later, and so is what
    was sent or settled when the seller is owed anew."""

    CLAIMED = "claimed"
    SENT = "sent"
    SETTLED = "settled"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """The latest transfer of a share. Its amount was fixed when it was claimed: from then on no hold stops it.

    `recovered` is the part of the share that stays with the platform, because the seller owed it. `attempt` counts
    the transfers that the processor made or refused, and the one to make. A share has one transfer, and a further one
    for what the seller is owed anew when a chargeback is won after it was lost: `earlier_transfers` are the ids of
    those before.
    """

    order_id: str
    seller_id: str
    account_id: str
    amount: Money
    recovered: Money
    claimed_at: datetime
    state: PayoutState = PayoutState.CLAIMED
    attempt: int = 1
    source_charge: str | None = None
    transfer_id: str | None = None
    refusal: str | None = None
    earlier_transfers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidShare:
    """A share that was transferred or settled, for whose order the ledger owes the seller `due` all the same.

    `ready` says that the account `account_id` takes transfers, and that nothing of the share is being reversed.
    """

    payout: Payout
    due: Money
    account_id: str
    on_hold: bool
    ready: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutPage:
    """`next_cursor` is opaque, null on the last page."""

    items: tuple[Payout, ...]
    next_cursor: str | None


def held_until(delivered_at: datetime, return_window: timedelta) -> datetime:
    """A share is held from capture until the return window, which opens with the delivery, has closed.

    An order whose delivery nobody reports counts as delivered some days after it was fulfilled: the caller adds them.
    """
    if delivered_at.tzinfo is None:
        raise InvalidRequest("A time of delivery needs a time zone.")
    if return_window < timedelta(0):
        raise InvalidRequest(f"A return window is not negative: {return_window}.")
    return delivered_at + return_window


def may_release(share: SellerOrder, now: datetime, *, on_hold: bool = False) -> bool:
    """Held, fulfilled, on no hold, and the return window has closed. The instant it closes counts as closed."""
    return (
        share.state is SellerOrderState.HELD
        and share.held_until is not None
        and now >= share.held_until
        and not on_hold
    )


def may_pay(share: SellerOrder, payout: Payout | None, *, on_hold: bool, account_ready: bool) -> bool:
    """Released, not paid or being paid, on no hold, and the seller's account takes transfers."""
    waiting = payout is None or payout.state is PayoutState.REFUSED
    return (
        share.state is SellerOrderState.RELEASED
        and share.transfer_id is None
        and waiting
        and account_ready
        and not on_hold
    )


def split_payout(
    due: Money, *, balance: Money, waiting: Money, claimed: Money, reversing: Money
) -> tuple[Money, Money]:
    """What of a share is transferred, and what stays because the seller owes it: a debt is recovered first.

    `due` is what the ledger owes for the order of this share, `balance` what it owes the seller for all orders
    together, `waiting` what for all orders that are released and not claimed, this one among them, `claimed` what is
    on its way. What the balance is short of these is the debt, but for what is `reversing`: it comes back from the
    seller's account, and is not taken from the share as well.
    """
    nothing = due - due
    if due.amount <= 0:
        return nothing, nothing
    debt = waiting + claimed - balance - reversing
    recovered = Money(min(due.amount, max(0, debt.amount)), due.currency)
    return due - recovered, recovered


def pay_again(
    paid: Iterable[PaidShare], *, balance: Money, waiting: Money, claimed: Money, now: datetime
) -> tuple[Payout, ...]:
    """The transfers of what a seller is owed beyond its open shares: `balance`, `waiting` and `claimed` are those of
    `split_payout`.

    What of a share was kept back for a debt is owed again only when the debt is gone, and what is on hold stays. The
    money does not come out of the share's charge, of which another transfer may have been made.
    """
    paid = tuple(paid)
    left = balance - waiting - claimed
    for one in paid:
        if one.on_hold:
            left -= one.due
    payouts = []
    for one in paid:
        amount = Money(min(one.due.amount, left.amount), left.currency)
        if one.ready and not one.on_hold and amount.amount > 0:
            left -= amount
            payouts.append(_next(one, amount, now))
    return tuple(payouts)


def _next(paid: PaidShare, amount: Money, now: datetime) -> Payout:
    payout = paid.payout
    sent = () if payout.transfer_id is None else (payout.transfer_id,)
    return replace(
        payout,
        state=PayoutState.CLAIMED,
        account_id=paid.account_id,
        amount=amount,
        recovered=amount - amount,
        claimed_at=now,
        # A refusal has counted already.
        attempt=payout.attempt + (payout.state is not PayoutState.REFUSED),
        source_charge=None,
        transfer_id=None,
        earlier_transfers=payout.earlier_transfers + sent,
    )


def was_paid(payout: Payout) -> bool:
    """Whether a share has had its turn: what the ledger owes for it now is owed anew."""
    refused_again = payout.state is PayoutState.REFUSED and bool(payout.earlier_transfers)
    return payout.state in (PayoutState.SENT, PayoutState.SETTLED) or refused_again


def transfer_of(payout: Payout, transaction_id: str) -> str | None:
    """The id of the transfer that a transaction of the ledger is about; None for one of another kind."""
    transfers = (*payout.earlier_transfers, payout.transfer_id)
    for number, transfer_id in enumerate(transfers, start=1):
        if transaction_id == transfer_id_in_ledger(payout.order_id, payout.seller_id, number):
            return transfer_id
    return None


def released(order_id: str, seller_id: str, amount: Money) -> DomainEvent:
    """What to tell of a share whose return window has closed."""
    return DomainEvent(
        type=EventType.SHARE_RELEASED,
        subject_id=order_id,
        data={"seller_id": seller_id, "amount": amount.amount, "currency": amount.currency},
    )


def sent(payout: Payout, transfer_id: str) -> DomainEvent:
    """What to tell of a transfer."""
    return DomainEvent(
        type=EventType.PAYOUT_SENT,
        subject_id=payout.order_id,
        data={
            "seller_id": payout.seller_id,
            "amount": payout.amount.amount,
            "recovered": payout.recovered.amount,
            "currency": payout.amount.currency,
            "transfer_id": transfer_id,
        },
    )


def must_record_transfer(payout: Payout, transfer_id: str) -> bool:
    """Whether the transfer of a claimed share is still to be recorded: False when this one has been.

    Raises IllegalTransition when the share was not claimed, or was paid by another transfer: no seller is paid twice.
    """
    if transfer_id in (payout.transfer_id, *payout.earlier_transfers):
        return False
    if payout.state is not PayoutState.CLAIMED:
        raise IllegalTransition(
            payout.order_id, f"transferring the share of seller {payout.seller_id}", f"{payout.state} as a payout"
        )
    return True
