"""`commerce.ports.Rankings` in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from commerce.recommendations import RECENT, Candidates


class MemoryRankings:
    def __init__(self) -> None:
        self._rankings: dict[str, tuple[str, ...]] = {}
        self._bestsellers: dict[str, tuple[str, ...]] = {}
        self._seen: dict[str, list[str]] = defaultdict(list)
        self._views: list[tuple[str, str]] = []

    async def beside(self, product_id: str, category: str = "") -> Candidates:
        return self._candidates((product_id,), category)

    async def for_buyer(self, buyer_id: str, category: str = "") -> Candidates:
        return self._candidates(tuple(self._seen[buyer_id]), category)

    async def publish(
        self, rankings: Mapping[str, Sequence[str]], bestsellers: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        self._rankings |= {id: tuple(ranking) for id, ranking in rankings.items()}
        self._bestsellers |= {category: tuple(ranking) for category, ranking in (bestsellers or {}).items()}

    async def published(self) -> bool:
        return "" in self._bestsellers

    async def record_views(self, views: Sequence[tuple[str, str]]) -> None:
        for buyer_id, product_id in views:
            seen = self._seen[buyer_id]
            if seen and seen[0] != product_id:
                self._views.append((seen[0], product_id))
            self._seen[buyer_id] = [product_id, *(id for id in seen if id != product_id)][:RECENT]

    async def take_views(self, limit: int) -> tuple[tuple[str, str], ...]:
        taken, self._views = self._views[:limit], self._views[limit:]
        return tuple(taken)

    def _candidates(self, seen: tuple[str, ...], category: str) -> Candidates:
        return Candidates(
            rankings=tuple(self._rankings.get(product_id, ()) for product_id in seen),
            seen=seen,
            of_category=self._bestsellers.get(category, ()) if category else (),
            of_all=self._bestsellers.get("", ()),
        )
