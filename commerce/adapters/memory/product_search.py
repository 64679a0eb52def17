"""`commerce.ports.ProductSearch` and `SearchIndex` in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from commerce.indexing import RebuildOvertaken
from commerce.search import (
    FACET_VALUES,
    MOST_COUNTED,
    MOST_WORDS,
    PRICE_STEPS,
    Facets,
    FacetValue,
    Hit,
    IndexChange,
    Position,
    PriceRange,
    Rejected,
    SearchDocument,
    SearchPage,
    SearchQuery,
    Sort,
    most_edits,
    words,
)

_LARGEST_INTEGER = 2**63 - 1
_Index = dict[str, IndexChange]


class MemoryProductSearch:
    """What was removed stays known by its version, as in a search engine for a while."""

    def __init__(self) -> None:
        self._live: _Index = {}
        self._built: int | None = None
        self._building: tuple[str, _Index] | None = None

    async def prepare(self, oldest_build: int = 0) -> bool:
        return self._built is None or self._built < oldest_build

    async def write(self, changes: Sequence[IndexChange], build: str | None = None) -> tuple[Rejected, ...]:
        building = {} if self._building is None else {self._building[0]: self._building[1]}
        targets = [building[build]] if build is not None else [self._live, *building.values()]
        rejected = []
        for change in changes:
            if change.document is not None and abs(change.document.price) > _LARGEST_INTEGER:
                reason = "the price is no long integer"
                rejected.append(Rejected(product_id=change.product_id, version=change.version, reason=reason))
                continue
            for index in targets:
                _keep(index, change)
        return tuple(rejected)

    async def begin_rebuild(self, build: str) -> None:
        self._building = (build, {})

    async def finish_rebuild(self, build: str) -> None:
        if self._building is None or self._building[0] != build:
            raise RebuildOvertaken(build)
        self._live, self._building, self._built = self._building[1], None, int(build)

    async def refresh(self) -> None:
        """Nothing waits."""

    async def check(self) -> None:
        """It always answers."""

    async def search(self, query: SearchQuery) -> SearchPage:
        after = query.after
        found = {one: score for one in self._documents() if (score := _score(query, one)) is not None}
        hits = sorted((_position(query, one, score), one) for one, score in found.items())
        page = [(position, one) for position, one in hits if after is None or position > _ordered(query, after)]
        more = len(page) > query.limit
        shown = page[: query.limit]
        return SearchPage(
            hits=tuple(
                Hit(product_id=one.product_id, title=one.title, description=one.description, category=one.category)
                for _, one in shown
            ),
            total=min(len(found), MOST_COUNTED),
            facets=_facets(found) if after is None else None,
            next_cursor=query.cursor_after(_ordered(query, shown[-1][0])) if more else None,
        )

    async def suggest(self, text: str, limit: int) -> tuple[str, ...]:
        *whole, begun = words(text)[:MOST_WORDS] or ("",)
        titles = dict.fromkeys(
            one.title
            for one in sorted(self._documents(), key=lambda one: one.product_id)
            if begun
            and set(whole) <= set(words(one.title))
            and any(word.startswith(begun) for word in words(one.title))
        )
        return tuple(titles)[:limit]

    def _documents(self) -> Iterable[SearchDocument]:
        return [one.document for one in self._live.values() if one.document is not None]


def _keep(index: _Index, change: IndexChange) -> None:
    known = index.get(change.product_id)
    if known is None or known.version < change.version:
        index[change.product_id] = change


def _score(query: SearchQuery, document: SearchDocument) -> float | None:
    """How well the document fits; None where it does not."""
    fits = (
        (query.category is None or document.category in query.categories)
        and (query.seller_id is None or query.seller_id in document.sellers)
        and (query.minimum_price is None or document.price >= query.minimum_price)
        and (query.maximum_price is None or document.price <= query.maximum_price)
        and (document.available or not query.available)
    )
    if not fits:
        return None
    fields = ((words(document.title), 3.0), (words(f"{document.category or ''} {document.description}"), 1.0))
    score = 0.0
    for word in words(query.text)[:MOST_WORDS]:
        best = max((weight * _closeness(word, inside) for inside, weight in fields), default=0.0)
        if not best:
            return None
        score += best
    return score


def _closeness(word: str, inside: Sequence[str]) -> float:
    if word in inside:
        return 1.0
    return 0.3 if any(_edits(word, other) <= most_edits(word) for other in inside) else 0.0


def _edits(one: str, other: str) -> int:
    """Letters to change, add, leave out or swap with their neighbour."""
    rows = [list(range(len(other) + 1))]
    for i, a in enumerate(one, start=1):
        row = [i]
        for j, b in enumerate(other, start=1):
            cost = min(rows[-1][j] + 1, row[j - 1] + 1, rows[-1][j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, rows[-2][j - 2] + 1)
            row.append(cost)
        rows.append(row)
    return rows[-1][-1]


def _position(query: SearchQuery, document: SearchDocument, score: float) -> Position:
    value = score if query.sort is Sort.RELEVANCE else document.price
    return _ordered(query, (value, document.product_id))


def _ordered(query: SearchQuery, position: Position) -> Position:
    """The position with its value turned round where the largest comes first; turned twice it is as before."""
    value, product_id = position
    assert not isinstance(value, str)  # noqa: S101 - `SearchQuery.after` lets no other pass
    return (value if query.sort is Sort.CHEAPEST else -value, product_id)


def _facets(found: Iterable[SearchDocument]) -> Facets:
    documents = list(found)
    bounds = [(low, high) for low, high in zip((0, *PRICE_STEPS), (*PRICE_STEPS, None), strict=True)]
    return Facets(
        categories=_values(one.category for one in documents if one.category is not None),
        sellers=_values(seller for one in documents for seller in one.sellers),
        prices=tuple(
            PriceRange(
                minimum=low,
                below=high,
                count=sum(low <= one.price and (high is None or one.price < high) for one in documents),
            )
            for low, high in bounds
        ),
    )


def _values(values: Iterable[str]) -> tuple[FacetValue, ...]:
    counts = sorted(Counter(values).items(), key=lambda item: (-item[1], item[0]))
    return tuple(FacetValue(value=value, count=count) for value, count in counts[:FACET_VALUES])
