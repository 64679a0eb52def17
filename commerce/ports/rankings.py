from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from commerce.recommendations import Candidates


class Rankings(Protocol):
    """Finished rankings in the cache, and the views that the next ones are learned from."""

    async def beside(self, product_id: str, category: str = "") -> Candidates:
        """For a product's page. One read."""
        ...

    async def for_buyer(self, buyer_id: str, category: str = "") -> Candidates:
        """For a signed-in buyer who browses, from what the buyer looked at last. One read."""
        ...

    async def publish(
        self, rankings: Mapping[str, Sequence[str]], bestsellers: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        """Write rankings by product, and bestsellers by category ("" is the whole shop)."""
        ...

    async def published(self) -> bool:
        """Whether the cache still has what was published; False after it was wiped."""
        ...

    async def record_views(self, views: Sequence[tuple[str, str]]) -> None:
        """Note that buyers looked at products (buyer, product). Only the latest views are kept."""
        ...

    async def take_views(self, limit: int) -> tuple[tuple[str, str], ...]:
        """Take pairs of products off the list that one buyer looked at one after the other, oldest first."""
        ...
