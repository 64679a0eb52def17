"""`commerce.ports.Affinities` in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from commerce.adapters.memory.market import MemoryMarket
from commerce.orders import OrderStatus
from commerce.ports.affinities import Affinity, Learned
from commerce.recommendations import KEPT, Signals, pairs, weight


class MemoryAffinities:
    def __init__(self, market: MemoryMarket) -> None:
        self._market = market
        self._cursor: tuple[datetime, str] | None = None
        self._alone: dict[str, Signals] = defaultdict(Signals)
        self._together: dict[str, dict[str, Signals]] = defaultdict(lambda: defaultdict(Signals))

    async def learn_orders(self, until: datetime, limit: int) -> Learned:
        accepted = sorted((order.accepted_at, order_id) for order_id, order in self._market.orders.items())
        fresh = [key for key in accepted if key[0] < until and (self._cursor is None or key > self._cursor)][:limit]
        products: set[str] = set()
        for accepted_at, order_id in fresh:
            order = self._market.orders[order_id]
            self._cursor = (accepted_at, order_id)
            if order.status is not OrderStatus.FAILED:
                bought = {line.product_id for line in order.lines}
                self._add(bought, pairs(bought), Signals(bought=weight(accepted_at)))
                products |= bought
        self._prune(products)
        return Learned(products=frozenset(products), orders=len(fresh))

    async def learn_views(self, views: Sequence[tuple[str, str]], now: datetime) -> frozenset[str]:
        signal = Signals(viewed=weight(now))
        for view in views:
            self._add(set(view), pairs(view), signal)
        products = frozenset(product_id for view in views for product_id in view)
        self._prune(products)
        return products

    async def of(self, product_ids: Collection[str]) -> Mapping[str, Affinity]:
        found = {}
        for product_id in product_ids:
            together = dict(self._together.get(product_id, {}))
            alone = {id: self._alone[id] for id in (product_id, *together) if id in self._alone}
            found[product_id] = Affinity(together=together, alone=alone)
        return found

    async def bestsellers(self, limit: int) -> tuple[str, ...]:
        bought = {id: signals.bought for id, signals in self._alone.items() if signals.bought}
        return tuple(sorted(bought, key=lambda id: (-bought[id], id))[:limit])

    async def products(self, after: str, limit: int) -> tuple[str, ...]:
        return tuple(sorted(id for id in self._alone if id > after)[:limit])

    def _add(self, alone: Iterable[str], met: Iterable[tuple[str, str]], signal: Signals) -> None:
        for product_id in alone:
            self._alone[product_id] = _sum(self._alone[product_id], signal)
        for one, other in met:
            self._together[one][other] = _sum(self._together[one][other], signal)

    def _prune(self, products: Iterable[str]) -> None:
        for product_id in products:
            others = self._together.get(product_id, {})
            for weakest in sorted(others, key=lambda id: (-others[id].bought, -others[id].viewed, id))[KEPT:]:
                del others[weakest]


def _sum(one: Signals, other: Signals) -> Signals:
    return Signals(bought=one.bought + other.bought, viewed=one.viewed + other.viewed)
