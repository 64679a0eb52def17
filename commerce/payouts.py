"""When a seller's share may leave the platform: pure functions of the order and the time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from commerce.errors import InvalidRequest
from commerce.money import Money
from commerce.orders import IllegalTransition, Order, SellerOrder, SellerOrderState


@dataclass(frozen=True, slots=True, kw_only=True)
class DueShare:
    """A share that may be transferred, with the account that receives it and the charge that it came from."""

    order_id: str
    seller_id: str
    amount: Money
    account_id: str
    source_charge: str | None


def held_until(fulfilled_at: datetime, return_window: timedelta) -> datetime:
    """A share is held from capture until the return window, which opens when the order is fulfilled, has closed."""
    if fulfilled_at.tzinfo is None:
        raise InvalidRequest("A time of fulfillment needs a time zone.")
    if return_window < timedelta(0):
        raise InvalidRequest(f"A return window is not negative: {return_window}.")
    return fulfilled_at + return_window


def may_release(share: SellerOrder, now: datetime) -> bool:
    """Held, fulfilled, and the return window has closed. The instant it closes already counts as closed."""
    return share.state is SellerOrderState.HELD and share.held_until is not None and now >= share.held_until


def due_share(order: Order, share: SellerOrder, account_id: str | None) -> DueShare | None:
    """The transfer that a share waits for: it is released, not transferred yet, more than nothing, and its seller has
    an account. None for any other share."""
    if share.state is not SellerOrderState.RELEASED or share.transfer_id is not None:
        return None
    if account_id is None or share.net.amount <= 0:
        return None
    return DueShare(
        order_id=order.order_id,
        seller_id=share.seller_id,
        amount=share.net,
        account_id=account_id,
        source_charge=order.charge_id,
    )


def must_record_transfer(order_id: str, share: SellerOrder, transfer_id: str) -> bool:
    """Whether the transfer of a released share is still to be recorded: False when this one has been.

    Raises IllegalTransition when the share is not released, or was paid by another transfer: no seller is paid twice.
    """
    if share.transfer_id == transfer_id:
        return False
    if share.transfer_id is not None or share.state is not SellerOrderState.RELEASED:
        raise IllegalTransition(order_id, f"transferring the share of seller {share.seller_id}", share.state)
    return True
