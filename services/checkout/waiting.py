"""The upkeep of orders that wait for somebody, beside the service's requests."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from commerce.ports import Orders
from services.http.attention import Attention

LOOK_SECONDS = 10.0
_log = logging.getLogger(__name__)


async def stop_overdue_orders(orders: Orders, stopped: Callable[[], None], attention: Attention) -> None:
    """Stops the orders that have waited too long, until canceled; calls `stopped` when there were some, because their
    flow is started again to undo what was done."""
    while True:
        try:
            if overdue := await orders.stop_overdue(datetime.now(UTC)):
                _log.info("orders that waited too long are stopped", extra={"orders": len(overdue)})
                stopped()
        except Exception:
            # The database may be away for a while. The next round finds the same orders.
            _log.exception("looking for orders that wait too long failed")
        await attention.rest(LOOK_SECONDS)
