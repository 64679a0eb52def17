"""What search sends."""

from __future__ import annotations

from pydantic import BaseModel

from commerce.search import Facets, FacetValue, SearchResult
from commerce.searching import CheckedPage
from services.catalog.schemas import OfferBody, ProductBody


class SearchResultBody(BaseModel):
    """A product that was found, with its offers as they are now, cheapest first."""

    product_id: str
    title: str
    description: str
    category: str | None
    available: bool
    offers: list[OfferBody]

    @classmethod
    def of(cls, result: SearchResult) -> SearchResultBody:
        return cls(
            product_id=result.hit.product_id,
            title=result.hit.title,
            description=result.hit.description,
            category=result.hit.category,
            available=result.available,
            offers=[OfferBody.of(listing) for listing in result.listings],
        )


class FacetValueBody(BaseModel):
    """A value to filter by, and how many products have it."""

    value: str
    count: int

    @classmethod
    def of(cls, facet: FacetValue) -> FacetValueBody:
        return cls(value=facet.value, count=facet.count)


class PriceRangeBody(BaseModel):
    """How many products cost at least `minimum` and less than `below` (null: no limit), in minor units."""

    minimum: int
    below: int | None
    count: int


class FacetsBody(BaseModel):
    """Counts over everything that was found; they come from the index and are some seconds old."""

    categories: list[FacetValueBody]
    sellers: list[FacetValueBody]
    prices: list[PriceRangeBody]

    @classmethod
    def of(cls, facets: Facets) -> FacetsBody:
        return cls(
            categories=[FacetValueBody.of(one) for one in facets.categories],
            sellers=[FacetValueBody.of(one) for one in facets.sellers],
            prices=[PriceRangeBody(minimum=one.minimum, below=one.below, count=one.count) for one in facets.prices],
        )


class SearchPageBody(BaseModel):
    """A page of results. It can be shorter than asked for, also before the last one (`next_cursor` null): what has
    changed since it was indexed is left out. `total` is the index's count, at most 10000; `facets` are on the first
    page. `recommended` is on the first page of somebody who looks for nothing in particular: for the signed-in buyer,
    else the bestsellers, all of them available now."""

    items: list[SearchResultBody]
    total: int
    facets: FacetsBody | None
    next_cursor: str | None
    recommended: list[ProductBody]

    @classmethod
    def of(cls, page: CheckedPage, recommended: list[ProductBody]) -> SearchPageBody:
        return cls(
            items=[SearchResultBody.of(result) for result in page.results],
            total=page.total,
            facets=FacetsBody.of(page.facets) if page.facets is not None else None,
            next_cursor=page.next_cursor,
            recommended=recommended,
        )


class SuggestionsBody(BaseModel):
    """Titles, the best first."""

    suggestions: list[str]
