"""Reserves stock at the gate, and keeps the gate's counters true to the order database (`commerce.inventory`).

A seller's own change of the stock reaches the gate late, because the catalog writes to the order database only. A
raised stock arrives when a buyer is first refused, or at the next reconciliation. A lowered one arrives when the first
order that is too many fails to be confirmed, or at the next reconciliation; the orders accepted until then fail as sold
out, with nothing charged.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from commerce.inventory import SoldOut, UnknownCounters
from commerce.ports import Offers, StockGate

# Small enough that neither a statement nor the gate's script keeps buyers waiting.
RECONCILE_BATCH = 1_000
RECHECK_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How wrong the gate's counters were: offers with another figure than the order database's, and units by which they
    differed, up or down. What is sold while the counters are rebuilt counts, too."""

    offers: int = 0
    units: int = 0

    def __add__(self, other: Drift) -> Drift:
        return Drift(offers=self.offers + other.offers, units=self.units + other.units)


class StockKeeper:
    """Reservations for the accept path, and the upkeep of the counters behind them."""

    def __init__(self, *, gate: StockGate, offers: Offers, recheck_seconds: float = RECHECK_SECONDS) -> None:
        self._gate = gate
        self._offers = offers
        self._recheck_seconds = recheck_seconds
        self._rechecks: dict[str, asyncio.Task[None]] = {}
        self._rechecked_at: dict[str, float] = {}

    async def reserve(self, order_id: str, lines: Mapping[str, int], ttl: timedelta) -> None:
        """Reserve all lines or none; missing counters are first taken from the order database.

        Before an offer is called sold out, the order database is asked whether the seller has added units, at most
        once per offer and `recheck_seconds`; buyers who want the same offer share the answer. Raises
        SoldOut; UnknownCounters when the order database does not know an offer either, or the gate forgets again at
        once.
        """
        asked = time.monotonic()
        try:
            await self._reserve(order_id, lines, ttl)
        except SoldOut as sold_out:
            if not await self._rechecked_since(asked, sold_out.offer_ids):
                raise
            await self._reserve(order_id, lines, ttl)

    async def release(self, order_id: str) -> None:
        """Give back the units of an order that was not accepted."""
        await self._gate.release(order_id)

    async def sweep(self, now: datetime) -> int:
        """Release the reservations that have expired and never became an order, or whose order was undone; returns how
        many. The reservation of an order that is still on its way is kept, however long its saga takes."""
        expired = await self._gate.expired(now)
        if not expired:
            return 0
        for order_id in (await self._offers.snapshot((), expired)).ordered:
            await self._gate.consume(order_id)
        return await self._gate.sweep(now)

    async def reconcile(self, offer_ids: Collection[str] | None = None) -> Drift:
        """Rebuild the gate's counters of `offer_ids` (None: all offers, a batch at a time) from the order database;
        returns how wrong they were.

        Call it after a change of stock, and now and then to repair what lost reservations and crashes left behind. The
        reservations are read before the order database, so one that becomes an order in between is counted twice: a
        sale is refused until the next run. A confirmed sale that is being undone right now may be given back twice: one
        order too many is accepted, and the order database refuses to confirm it.
        """
        if offer_ids is not None:
            return await self._rebuild(offer_ids)
        self._rechecked_at.clear()
        after, drift = "", Drift()
        while batch := await self._offers.ids(after, RECONCILE_BATCH):
            drift += await self._rebuild(batch)
            after = batch[-1]
        return drift

    async def _reserve(self, order_id: str, lines: Mapping[str, int], ttl: timedelta) -> None:
        try:
            await self._gate.reserve(order_id, lines, ttl)
        except UnknownCounters as missing:
            await self._gate.seed(await self._offers.available(missing.offer_ids))
            await self._gate.reserve(order_id, lines, ttl)

    async def _rebuild(self, offer_ids: Collection[str]) -> Drift:
        held, before = await self._gate.held(), await self._gate.available(offer_ids)
        snapshot = await self._offers.snapshot(offer_ids, held)
        await self._gate.rebuild(snapshot.available, snapshot.ordered)
        # A counter that was missing was not wrong: it is made when the first buyer asks.
        after = await self._gate.available(before)
        wrong = [abs(units - before[offer_id]) for offer_id, units in after.items() if units != before[offer_id]]
        return Drift(offers=len(wrong), units=sum(wrong))

    async def _rechecked_since(self, asked: float, offer_ids: Collection[str]) -> bool:
        """Recheck the offers that are due, wait for the rechecks that run, and say whether any ended after `asked`."""
        due = tuple(one for one in offer_ids if one not in self._rechecks and self._recheck_is_due(one))
        if due:
            recheck = asyncio.create_task(self._recheck(due))
            self._rechecks.update(dict.fromkeys(due, recheck))
        for recheck in {self._rechecks[one] for one in offer_ids if one in self._rechecks}:
            await asyncio.shield(recheck)  # shared: a buyer who hangs up must not cancel it
        return any(self._rechecked_at.get(one, asked - 1) >= asked for one in offer_ids)

    async def _recheck(self, offer_ids: tuple[str, ...]) -> None:
        try:
            available, counters = await self._offers.available(offer_ids), await self._gate.available(offer_ids)
            if more := [one for one, units in available.items() if units > counters.get(one, 0)]:
                await self.reconcile(more)
            self._rechecked_at.update(dict.fromkeys(offer_ids, time.monotonic()))
        finally:
            for one in offer_ids:
                del self._rechecks[one]

    def _recheck_is_due(self, offer_id: str) -> bool:
        rechecked = self._rechecked_at.get(offer_id)
        return rechecked is None or time.monotonic() - rechecked >= self._recheck_seconds
