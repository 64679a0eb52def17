"""Stock: a fast gate in front (Redis), the authority behind (PostgreSQL), and what keeps the first true to the second.

The gate's counter of an offer is `stock - units of unconfirmed order lines - units of reservations not yet ordered`.
It may be too low, and then a sale is refused that could have been made. It may be too high (the gate lost its memory,
a reservation expired under a slow order), and then the authority refuses when the order is confirmed. A unit is sold
only by the authority's conditional update, so no unit is ever sold twice.

A seller's own change of the stock reaches the gate late, because the catalog writes to the authority only. Raised: when
a buyer is first refused, and at the next reconciliation. Lowered: when the first order that is too many fails to be
confirmed, and at the next reconciliation; until then buyers' orders may be accepted that fail as sold out, with nothing
charged.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from commerce.errors import InvalidRequest, MarketplaceError

if TYPE_CHECKING:
    from commerce.ports import Offers, StockGate

# Small enough that neither a statement nor the gate's script keeps buyers waiting.
RECONCILE_BATCH = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class StockSnapshot:
    """What the authority knew at one instant.

    `available` maps offer id to stock less unconfirmed order lines. `ordered` are those of the reservations asked
    about that had become orders and were not undone by then: their units are already missing from `available`.
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


def check_lines(lines: Mapping[str, int]) -> None:
    """Raises InvalidRequest unless there is a line and every quantity is positive."""
    if not lines:
        raise InvalidRequest("A reservation needs at least one line.")
    for offer_id, quantity in lines.items():
        if quantity <= 0:
            raise InvalidRequest(f"A reserved quantity is positive, not {quantity} of offer {offer_id}.")


async def reserve(
    gate: StockGate,
    available: Callable[[Collection[str]], Awaitable[Mapping[str, int]]],
    reservation_id: str,
    lines: Mapping[str, int],
    ttl: timedelta,
) -> None:
    """Reserve all lines or none; counters the gate does not know are taken from `available` (the authority) first.

    Raises SoldOut; UnknownCounters when the authority does not know an offer either, or the gate forgets again at once.
    """
    try:
        await gate.reserve(reservation_id, lines, ttl)
    except UnknownCounters as missing:
        await gate.seed(await available(missing.offer_ids))
        await gate.reserve(reservation_id, lines, ttl)


async def reconcile(gate: StockGate, offers: Offers, offer_ids: Collection[str] | None = None) -> None:
    """Rebuild the gate's counters of `offer_ids` (None: all offers, a batch at a time) from the authority.

    Call it after a change of stock, and now and then to mend what lost reservations and crashes left behind. The
    reservations are read before the authority, so one that becomes an order in between is counted twice: a refused
    sale until the next run. A confirmed sale that is being undone right now may be given back twice: an order too
    many, which the authority refuses.
    """
    if offer_ids is not None:
        await _rebuild(gate, offers, offer_ids)
        return
    after = ""
    while batch := await offers.ids(after, RECONCILE_BATCH):
        await _rebuild(gate, offers, batch)
        after = batch[-1]


async def _rebuild(gate: StockGate, offers: Offers, offer_ids: Collection[str]) -> None:
    held = await gate.held()
    snapshot = await offers.snapshot(offer_ids, held)
    await gate.rebuild(snapshot.available, snapshot.ordered)


async def sweep(gate: StockGate, offers: Offers, now: datetime) -> int:
    """Release the reservations that have expired and never became an order, or whose order was undone; returns how
    many. The reservation of an order that is still on its way is kept, however long its saga takes."""
    expired = await gate.expired(now)
    if not expired:
        return 0
    for order_id in (await offers.snapshot((), expired)).ordered:
        await gate.consume(order_id)
    return await gate.sweep(now)
