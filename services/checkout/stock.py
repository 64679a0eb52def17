"""Keeps the gate's counters true to the order database, and reserves through them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from commerce.inventory import SoldOut, reconcile, reserve, sweep
from commerce.ports import Offers, StockGate

SWEEP_SECONDS = 5.0
RECONCILE_SECONDS = 300.0
SECOND_LOOK_SECONDS = 1.0
_log = logging.getLogger(__name__)


class StockKeeper:
    """Reservations for the accept path, and the upkeep of the counters behind them.

    A seller may have filled up an offer since its counter was made, so before an offer is called sold out the order
    database has a second look, at most once per `SECOND_LOOK_SECONDS` and offer however many buyers ask.
    """

    def __init__(self, *, gate: StockGate, offers: Offers) -> None:
        self._gate = gate
        self._offers = offers
        self._looked: dict[str, float] = {}

    async def reserve(self, order_id: str, lines: Mapping[str, int], ttl: timedelta) -> None:
        """Reserves all lines or none. Raises SoldOut, and UnknownCounters for offers that do not exist."""
        try:
            await reserve(self._gate, self._offers.available, order_id, lines, ttl)
        except SoldOut as sold_out:
            if not self._due(sold_out.offer_ids) or not await self._filled_up(lines, sold_out.offer_ids):
                raise
            await reconcile(self._gate, self._offers, sold_out.offer_ids)
            await reserve(self._gate, self._offers.available, order_id, lines, ttl)

    async def release(self, order_id: str) -> None:
        """Gives the units of an order that was not accepted back."""
        await self._gate.release(order_id)

    async def run(self) -> None:
        """Sweeps expired reservations and rebuilds the counters now and then, until cancelled."""
        reconciled = time.monotonic()
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            try:
                if released := await sweep(self._gate, self._offers, datetime.now(UTC)):
                    _log.info("expired reservations released", extra={"reservations": released})
                if time.monotonic() - reconciled >= RECONCILE_SECONDS:
                    await reconcile(self._gate, self._offers)
                    self._looked.clear()
                    reconciled = time.monotonic()
            except Exception:
                # The stores may be away for a while; the counters can wait, the service must not end.
                _log.exception("the stock counters could not be kept")

    async def _filled_up(self, lines: Mapping[str, int], offer_ids: tuple[str, ...]) -> bool:
        available = await self._offers.available(offer_ids)
        return all(available.get(offer_id, 0) >= lines[offer_id] for offer_id in offer_ids)

    def _due(self, offer_ids: tuple[str, ...]) -> bool:
        now = time.monotonic()
        due = [one for one in offer_ids if now - self._looked.get(one, -SECOND_LOOK_SECONDS) >= SECOND_LOOK_SECONDS]
        self._looked.update(dict.fromkeys(due, now))
        return bool(due)
