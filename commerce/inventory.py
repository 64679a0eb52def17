"""Stock: the fast counters of a gate in front (Redis), and the stock itself behind it (PostgreSQL, the authority).

The gate's counter of an offer is `stock - units of unconfirmed order lines - units of reservations not yet ordered`.
It may be too low: then a sale is refused that could have been made. It may be too high, when the gate lost its memory
or a reservation expired under a slow order: then the authority refuses the order when it is confirmed. A unit is sold
only by the authority's conditional update, so no unit is ever sold twice.

`commerce.stock_keeping` reserves at the gate and keeps its counters true.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from commerce.catalog import Offer
from commerce.errors import InvalidRequest, MarketplaceError
from commerce.orders import Order, StockState


@dataclass(frozen=True, slots=True, kw_only=True)
class StockSnapshot:
    """What the authority knew at one instant.

    `available` maps offer id to the units that can still be ordered. `ordered` are those of the given reservations
    that had become orders and still kept their units: these are already missing from `available`.
    """

    available: Mapping[str, int]
    ordered: frozenset[str]


class SoldOut(MarketplaceError):
    status = 409
    code = "sold-out"
    title = "Sold out"

    def __init__(self, offer_ids: Collection[str]) -> None:
        self.offer_ids = tuple(sorted(offer_ids))
        super().__init__(
            f"Not enough units are left of offer {', '.join(self.offer_ids)}. Lower the quantity or remove it.",
            offer_ids=list(self.offer_ids),
        )


class UnknownCounters(MarketplaceError):
    """The gate has no counter for these offers: seed them from the authority and try again."""

    status = 503
    code = "unknown-counters"
    title = "The stock counters are being rebuilt"

    def __init__(self, offer_ids: Collection[str]) -> None:
        self.offer_ids = tuple(sorted(offer_ids))
        super().__init__(
            f"The gate has no counter for offer {', '.join(self.offer_ids)}.", offer_ids=list(self.offer_ids)
        )


def available(offer: Offer, orders: Iterable[Order]) -> int:
    """Units of an offer that can still be ordered: its stock less the units that `orders` still wait for. Negative
    when more were accepted than there are. The SQL of the PostgreSQL adapter repeats this rule."""
    return offer.stock - sum(
        line.quantity
        for order in orders
        if order.stock is StockState.UNCONFIRMED
        for line in order.lines
        if line.offer_id == offer.offer_id
    )


def check_in_stock(order: Order, offers: Mapping[str, Offer]) -> None:
    """Raises SoldOut for lines that the stock could not fill even if nobody else waited for it: that order would only
    fail later. The accept statement of the PostgreSQL adapter repeats this rule."""
    if short := [line.offer_id for line in order.lines if offers[line.offer_id].stock < line.quantity]:
        raise SoldOut(short)


def check_lines(lines: Mapping[str, int]) -> None:
    """Raises InvalidRequest unless there is a line and every quantity is positive."""
    if not lines:
        raise InvalidRequest("A reservation needs at least one line.")
    for offer_id, quantity in lines.items():
        if quantity <= 0:
            raise InvalidRequest(f"A reserved quantity is positive, not {quantity} of offer {offer_id}.")
