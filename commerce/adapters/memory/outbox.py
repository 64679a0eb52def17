"""`commerce.ports.Outbox` in memory."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from commerce.adapters.memory.market import MemoryMarket
from commerce.dispatch import Dispatch, Patience, Redispatched


class MemoryOutbox:
    def __init__(self, market: MemoryMarket) -> None:
        self._market = market

    async def take(self, limit: int, lease: timedelta) -> tuple[Dispatch, ...]:
        now = datetime.now(UTC)
        due = [(outbox_id, row) for outbox_id, row in self._market.outbox.items() if row.due_at <= now][:limit]
        for _, row in due:
            row.due_at = now + lease
        return tuple(
            Dispatch(outbox_id=outbox_id, order_id=row.order_id, attempt=row.attempt, traceparent=row.traceparent)
            for outbox_id, row in due
        )

    async def done(self, outbox_ids: Collection[int]) -> None:
        for outbox_id in outbox_ids:
            self._market.outbox.pop(outbox_id, None)

    async def redispatch(self, patience: Patience, limit: int = 100) -> Redispatched:
        now, touched, dispatches = datetime.now(UTC), self._market.touched, self._market.dispatches
        queued = {row.order_id for row in self._market.outbox.values()}
        idle = [
            order_id
            for order_id in sorted(self._market.orders, key=touched.__getitem__)
            if order_id not in queued
            and patience.stands_still(
                self._market.orders[order_id], self._market.counted(order_id), now - touched[order_id]
            )
        ][:limit]
        given_up = tuple(sorted(order_id for order_id in idle if self._market.counted(order_id) == patience.dispatches))
        for order_id in idle:
            touched[order_id] = now
            if order_id in given_up:
                dispatches[order_id] += 1
            else:
                self._market.enqueue(order_id, dispatches[order_id] + 1)
        return Redispatched(queued=len(idle) - len(given_up), given_up=given_up)
