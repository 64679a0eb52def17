"""Search: what the index knows of a product, what can be asked of it, and what of its answer a buyer may see.

The index is a copy and always late. It finds and sorts; what is shown of a result (offers, prices, whether it is
available) is read from the order database when it is shown (`visible`).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from commerce.catalog import Listing, Product
from commerce.categories import with_below
from commerce.errors import InvalidRequest, MarketplaceError

MOST_WORDS: Final = 8
"""Words of a query that are looked for; the others are ignored."""
PRICE_STEPS: Final = (1_000, 2_500, 5_000, 10_000, 25_000, 50_000)
"""Where one range of the price facet ends and the next begins, in minor units."""
FACET_VALUES: Final = 20
"""The most frequent values of a facet that are counted."""
_WORD: Final = re.compile(r"\w+")

Position = tuple[int | float | str, ...]
"""Where a hit stands in its order: what it is sorted by, then its product id."""


class Sort(StrEnum):
    """Order of the results; equal ones are in the order of their product ids."""

    RELEVANCE = "relevance"
    CHEAPEST = "price"
    DEAREST = "-price"


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchDocument:
    """What the index knows of a product. `price` is its lowest one in minor units, among the offers that had units if
    any had (`available`)."""

    product_id: str
    title: str
    description: str
    category: str | None
    sellers: tuple[str, ...]
    price: int
    currency: str
    available: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexChange:
    """A product as it was at `version`; without a document it is to be found no more."""

    product_id: str
    version: int
    document: SearchDocument | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A change that the index refuses for good, and why."""

    product_id: str
    version: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchQuery:
    """What a buyer looks for. Prices are minor units, both ends included; `available` leaves out what is sold out."""

    text: str = ""
    category: str | None = None
    seller_id: str | None = None
    minimum_price: int | None = None
    maximum_price: int | None = None
    available: bool = False
    sort: Sort = Sort.RELEVANCE
    limit: int = 24
    cursor: str | None = None

    @property
    def categories(self) -> tuple[str, ...]:
        """The category with all that are below it; none where any will do."""
        return () if self.category is None else with_below(self.category)

    @property
    def only_browses(self) -> bool:
        """Whether this is the first page of somebody who looks for nothing in particular, at most in a category."""
        asked = replace(self, category=None, available=False, limit=1)
        return asked == SearchQuery(text=self.text, limit=1) and not words(self.text)

    @property
    def after(self) -> Position | None:
        """The position of the last hit of the page before. Raises InvalidRequest for a cursor of another query."""
        if self.cursor is None:
            return None
        try:
            fingerprint, *after = json.loads(base64.urlsafe_b64decode(self.cursor.encode()))
        except (binascii.Error, ValueError, TypeError) as error:
            raise _foreign_cursor() from error
        if fingerprint != self._fingerprint() or len(after) != 2 or not isinstance(after[1], str):
            raise _foreign_cursor()
        if isinstance(after[0], bool) or not isinstance(after[0], int | float):
            raise _foreign_cursor()
        return tuple(after)

    def cursor_after(self, position: Position) -> str:
        """The cursor of the page that follows the hit at `position`."""
        return base64.urlsafe_b64encode(json.dumps([self._fingerprint(), *position]).encode()).decode()

    def _fingerprint(self) -> str:
        """Of what decides which hits there are and in which order; a page may change its size."""
        asked = repr(replace(self, cursor=None, limit=1))
        return hashlib.sha256(asked.encode()).hexdigest()[:12]


def _foreign_cursor() -> InvalidRequest:
    return InvalidRequest("This cursor was not given out by this search. Start without one.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A product that the index found, as it was when it was indexed."""

    product_id: str
    title: str
    description: str
    category: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetValue:
    """How many products have a value."""

    value: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRange:
    """How many products cost at least `minimum` and less than `below`, in minor units."""

    minimum: int
    below: int | None
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """Counts over everything that was found, the most frequent value first."""

    categories: tuple[FacetValue, ...]
    sellers: tuple[FacetValue, ...]
    prices: tuple[PriceRange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """One page of hits. `total` counts all, up to `MOST_COUNTED`; facets come with the first page only."""

    hits: tuple[Hit, ...]
    total: int
    facets: Facets | None
    next_cursor: str | None


MOST_COUNTED: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """A hit with its offers as they are now, cheapest first."""

    hit: Hit
    listings: tuple[Listing, ...]

    @property
    def available(self) -> bool:
        return any(listing.available > 0 for listing in self.listings)


class SearchUnavailable(MarketplaceError):
    """The search engine does not answer, or is being woken."""

    status = 503
    code = "search-unavailable"
    title = "Search does not answer"

    def __init__(self, reason: str) -> None:
        super().__init__("Search does not answer just now. Try again in a moment, or browse the catalog.")
        self.reason = reason


def words(text: str) -> tuple[str, ...]:
    """The words of a text as they are compared: without case and accents, letters and digits only."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return tuple(_WORD.findall("".join(one for one in decomposed if not unicodedata.combining(one))))


def most_edits(word: str) -> int:
    """How many letters of a word may be wrong, left out, added or swapped."""
    return 0 if len(word) < 3 else 1 if len(word) < 6 else 2


def document_of(product: Product, listings: Sequence[Listing]) -> SearchDocument | None:
    """What the index is to know of a product; nothing of one that is withdrawn or that nobody offers.
    `listings` are cheapest first."""
    if product.withdrawn or not listings:
        return None
    in_stock = [listing for listing in listings if listing.available > 0]
    price = (in_stock or listings)[0].offer.unit_price
    return SearchDocument(
        product_id=product.product_id,
        title=product.title,
        description=product.description,
        category=product.category,
        sellers=tuple(sorted({listing.offer.seller_id for listing in listings})),
        price=price.amount,
        currency=price.currency,
        available=bool(in_stock),
    )


def visible(query: SearchQuery, hit: Hit, listings: Sequence[Listing]) -> SearchResult | None:
    """What a buyer may see of a hit, by what the order database knows now: nothing where it no longer fits the query.

    `listings` are cheapest first. Of a query for one seller only that seller's offers count.
    """
    wanted = [one for one in listings if query.seller_id in (None, one.offer.seller_id)]
    in_stock = [one for one in wanted if one.available > 0]
    if query.available:
        wanted = in_stock
    if not wanted:
        return None
    price = (in_stock or wanted)[0].offer.unit_price.amount
    if query.minimum_price is not None and price < query.minimum_price:
        return None
    if query.maximum_price is not None and price > query.maximum_price:
        return None
    return SearchResult(hit=hit, listings=tuple(listings))
