"""`commerce.ports.Standings` in memory."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from commerce import suspension
from commerce.adapters.memory.market import MemoryMarket
from commerce.cases import Actor
from commerce.suspension import SellerNotFound, Standing, StandingChange, StandingPage


class MemoryStandings:
    def __init__(self, market: MemoryMarket) -> None:
        self._market = market

    async def get(self, seller_id: str) -> Standing:
        return self._standing(seller_id)

    async def suspended(self, limit: int, cursor: str | None = None) -> StandingPage:
        ids = sorted(one for one in self._market.suspensions if cursor is None or one > cursor)
        items = tuple(map(self._standing, ids[:limit]))
        return StandingPage(items=items, next_cursor=items[-1].seller_id if len(ids) > limit else None)

    async def suspend(self, seller_id: str, actor: Actor, reason: str, now: datetime) -> Standing:
        return self._change(seller_id, lambda standing: suspension.suspend(standing, actor, reason, now))

    async def reinstate(self, seller_id: str, actor: Actor, reason: str, now: datetime) -> Standing:
        return self._change(seller_id, lambda standing: suspension.reinstate(standing, actor, reason, now))

    def _change(self, seller_id: str, decide: Callable[[Standing], StandingChange | None]) -> Standing:
        standing = self._standing(seller_id)
        change = decide(standing)
        if change is None:
            return standing
        after = change.standing
        if after.suspended_at is None or after.reason is None:
            del self._market.suspensions[seller_id]
        else:
            self._market.suspensions[seller_id] = (after.suspended_at, after.reason)
        if change.hold.open:
            self._market.place_hold(change.hold)
        else:
            self._market.lift_hold(change.hold)
        self._market.record(change.event)
        self._market.audit.append(change.audit)
        return after

    def _standing(self, seller_id: str) -> Standing:
        if seller_id not in self._market.sellers:
            raise SellerNotFound(seller_id)
        suspended_at, reason = self._market.suspensions.get(seller_id, (None, None))
        return Standing(
            seller_id=seller_id,
            display_name=self._market.sellers[seller_id].display_name,
            suspended_at=suspended_at,
            reason=reason,
        )
