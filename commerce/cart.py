"""The cart: what a buyer means to buy. Prices are not part of it: they are taken when the order is accepted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from commerce.errors import InvalidRequest, MarketplaceError

MAXIMUM_LINES = 50
MAXIMUM_QUANTITY = 999
LIFETIME = timedelta(days=30)
# How long a cart remembers which orders were taken out of it: longer than an unpaid order is retried (a day).
REMEMBERED = timedelta(days=2)
SECOND_CLICK = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cart:
    """`items` maps offer id to quantity (always positive). `revision` changes with every change of the items;
    it is empty for an empty cart, and makes a good key for `orders.order_id_for`: two clicks, one order.

    `ordered` is the order that emptied the cart, until the cart is changed, and for `SECOND_CLICK` at most."""

    buyer_id: str
    items: Mapping[str, int] = field(default_factory=dict)
    revision: str = ""
    ordered: str = ""

    def lines(self) -> Mapping[str, int]:
        """The items to check out. Raises EmptyCart."""
        if not self.items:
            raise EmptyCart(self.buyer_id)
        return self.items


def remembers(accepted_at: datetime, now: datetime) -> bool:
    """Whether the cart still knows if an order accepted at that time was taken out of it, or given back."""
    return now - accepted_at < REMEMBERED


def check_quantity(offer_id: str, quantity: int) -> None:
    """Raises InvalidRequest unless 0 (remove) <= quantity <= MAXIMUM_QUANTITY."""
    if not 0 <= quantity <= MAXIMUM_QUANTITY:
        raise InvalidRequest(
            f"A quantity is between 0 and {MAXIMUM_QUANTITY}, not {quantity}.", offer_id=offer_id, quantity=quantity
        )


def check_size(lines: int) -> None:
    """Raises InvalidRequest when a cart would hold more than MAXIMUM_LINES offers."""
    if lines > MAXIMUM_LINES:
        raise InvalidRequest(f"A cart holds {MAXIMUM_LINES} different offers at most. Check out or remove one first.")


class EmptyCart(MarketplaceError):
    status = 409
    code = "empty-cart"
    title = "The cart is empty"

    def __init__(self, buyer_id: str) -> None:
        super().__init__("The cart is empty: put an offer in it before checking out.", buyer_id=buyer_id)
        self.buyer_id = buyer_id
