"""`commerce.ports.Outbox` in memory."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from commerce.adapters.memory.market import MemoryMarket
from commerce.ports import Dispatch


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

    async def redispatch(self, idle: timedelta, limit: int = 100) -> int:
        now = datetime.now(UTC)
        queued = {row.order_id for row in self._market.outbox.values()}
        idle_orders = [
            order_id
            for order_id, order in self._market.orders.items()
            if not order.status.terminal and self._market.touched[order_id] <= now - idle and order_id not in queued
        ][:limit]
        for order_id in idle_orders:
            self._market.touched[order_id] = now
            self._market.enqueue(order_id, self._market.dispatches[order_id] + 1)
        return len(idle_orders)
