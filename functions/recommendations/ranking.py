"""One run of the ranker: learn what is new, then rank anew what it changed."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from commerce.ports import Affinities, Products, Rankings
from commerce.recommendations import by_category, rank

SETTLED: Final = timedelta(minutes=2)
"""Orders are learned when they are as old: one that is being written now may carry an earlier time than the last."""
ORDERS_AT_ONCE: Final = 500
VIEWS_AT_ONCE: Final = 1_000
STEPS: Final = 40
"""Of each kind in one run: 20,000 orders and 40,000 views. What is left is for the next run."""
PRODUCTS_AT_ONCE: Final = 100
"""Whose affinities are in memory at the same time: at most 100 others each."""
BESTSELLERS: Final = 1_000
"""Of the whole shop, which are sorted by category."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a run did."""

    orders: int
    views: int
    ranked: int


class Ranker:
    """Learns and publishes. A run may stop anywhere: what is learned is in the order database, and a ranking that was
    not published is when one of its products is next bought or seen. When the cache was wiped, all are published again.

    Views are taken from the cache before they are stored, so a run that stops just there loses at most
    `VIEWS_AT_ONCE` of them: hints, not sales.
    """

    def __init__(
        self,
        *,
        affinities: Affinities,
        products: Products,
        rankings: Rankings,
        clock: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._affinities = affinities
        self._products = products
        self._rankings = rankings
        self._clock = clock

    async def run(self) -> Run:
        now = self._clock()
        complete = await self._rankings.published()
        changed: dict[str, None] = {}
        orders = views = 0
        for _ in range(STEPS):
            learned = await self._affinities.learn_orders(now - SETTLED, ORDERS_AT_ONCE)
            orders += learned.orders
            changed.update(dict.fromkeys(sorted(learned.products)))
            if learned.orders < ORDERS_AT_ONCE:
                break
        for _ in range(STEPS):
            seen = await self._rankings.take_views(VIEWS_AT_ONCE)
            if seen:
                changed.update(dict.fromkeys(sorted(await self._affinities.learn_views(seen, now))))
            views += len(seen)
            if len(seen) < VIEWS_AT_ONCE:
                break
        ranked = await (self._publish(list(changed), now) if complete else self._publish_all(now))
        # Last: with the bestsellers the cache counts as published.
        await self._rankings.publish({}, await self._bestsellers())
        return Run(orders=orders, views=views, ranked=ranked)

    async def _bestsellers(self) -> dict[str, tuple[str, ...]]:
        best = await self._affinities.bestsellers(BESTSELLERS)
        found = await self._products.find(best)
        return by_category(best, {product_id: product.category for product_id, product in found.items()})

    async def _publish_all(self, now: datetime) -> int:
        ranked, after = 0, ""
        while page := await self._affinities.products(after, PRODUCTS_AT_ONCE):
            ranked += await self._publish(page, now)
            after = page[-1]
        return ranked

    async def _publish(self, products: Collection[str], now: datetime) -> int:
        ids = list(products)
        for start in range(0, len(ids), PRODUCTS_AT_ONCE):
            page = ids[start : start + PRODUCTS_AT_ONCE]
            known = await self._affinities.of(page)
            await self._rankings.publish({id: rank(id, known[id].together, known[id].alone, now) for id in page})
        return len(ids)
