"""Searching as a buyer does it: the index finds, the order database says what is true of it now."""

from __future__ import annotations

from dataclasses import dataclass

from commerce.ports.offers import Offers
from commerce.ports.product_search import ProductSearch
from commerce.search import Facets, SearchQuery, SearchResult, visible


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedPage:
    """Results that were true when they were read. A page can be shorter than was asked for, and still not the last:
    what is no longer so is left out. `total` and `facets` are the index's, some seconds old."""

    results: tuple[SearchResult, ...]
    total: int
    facets: Facets | None
    next_cursor: str | None


class CheckedSearch:
    """Search with every result checked, in one read of the order database for the page."""

    def __init__(self, *, search: ProductSearch, offers: Offers) -> None:
        self._search = search
        self._offers = offers

    async def search(self, query: SearchQuery) -> CheckedPage:
        """Raises InvalidRequest for a foreign cursor, SearchUnavailable, and what the order database raises."""
        page = await self._search.search(query)
        listings = await self._offers.listings([hit.product_id for hit in page.hits]) if page.hits else {}
        checked = (visible(query, hit, listings[hit.product_id]) for hit in page.hits)
        return CheckedPage(
            results=tuple(result for result in checked if result is not None),
            total=page.total,
            facets=page.facets,
            next_cursor=page.next_cursor,
        )

    async def suggest(self, text: str, limit: int) -> tuple[str, ...]:
        """Titles that fit what was typed so far. Raises SearchUnavailable."""
        return await self._search.suggest(text, limit)
