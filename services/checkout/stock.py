"""The upkeep of the stock counters, beside the service's requests."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime

from commerce.stock_keeping import StockKeeper
from services.http.attention import Attention

SWEEP_SECONDS = 5.0
RECONCILE_SECONDS = 300.0
_log = logging.getLogger(__name__)


async def keep_stock(stock: StockKeeper, attention: Attention) -> None:
    """Sweeps expired reservations and rebuilds the counters now and then, until canceled."""
    reconciled = time.monotonic()
    while True:
        await attention.rest(SWEEP_SECONDS)
        try:
            if released := await stock.sweep(datetime.now(UTC)):
                _log.info("expired reservations released", extra={"reservations": released})
            if time.monotonic() - reconciled >= RECONCILE_SECONDS:
                await stock.reconcile()
                reconciled = time.monotonic()
        except Exception:
            # The stores may be away for a while. The next round repeats what this one left.
            _log.exception("updating the stock counters failed")
