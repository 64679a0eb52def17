"""`commerce.ports.Outbox` in memory."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from commerce.adapters.memory.market import MemoryMarket
from commerce.orders import Order, OrderStatus
from commerce.ports import Dispatch, Patience, Redispatched


class MemoryOutbox:
    def __init__(self, market: MemoryMarket) -> None:
        self._market = market

    async def take(self, limit: int, lease: timedelta) -> tuple[Dispatch, ...]:
        now = datetime.now(UTC)
        due = [(outbox_id, row) for outbox_id, row in self._market.outbox.items() if row.due_at <= now][:limit]
        for _, row in due:
            row.due_at = now + lease
        return tuple(
            Dispatch(outbox_id=outbox_id, order_id=row.order_id, attempt=row.attempt) for outbox_id, row in due
        )

    async def done(self, outbox_ids: Collection[int]) -> None:
        for outbox_id in outbox_ids:
            self._market.outbox.pop(outbox_id, None)

    async def redispatch(self, patience: Patience, limit: int = 100) -> Redispatched:
        queued = {row.order_id for row in self._market.outbox.values()}
        idle = [
            order_id
            for order_id, order in self._market.orders.items()
            if not order.status.terminal and order_id not in queued and self._stands_still(order, patience)
        ][:limit]
        given_up = tuple(sorted(one for one in idle if self._market.dispatches[one] == patience.dispatches))
        for order_id in idle:
            self._market.touched[order_id] = datetime.now(UTC)
            if order_id in given_up:
                self._market.dispatches[order_id] += 1
            else:
                self._market.enqueue(order_id, self._market.dispatches[order_id] + 1)
        return Redispatched(queued=len(idle) - len(given_up), given_up=given_up)

    def _stands_still(self, order: Order, patience: Patience) -> bool:
        dispatches = self._market.dispatches[order.order_id]
        waits = order.status is OrderStatus.CAPTURED and not order.awaits_split
        idle = (patience.fulfilment_idle if waits else patience.idle) * 2 ** (dispatches - 1)
        return dispatches <= patience.dispatches and self._market.touched[order.order_id] <= datetime.now(UTC) - idle
