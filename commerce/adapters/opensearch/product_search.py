"""`commerce.ports.ProductSearch` on OpenSearch."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from commerce.adapters.opensearch.connection import OpenSearch, RequestRefused
from commerce.adapters.opensearch.documents import ALIAS, hit
from commerce.search import (
    FACET_VALUES,
    MOST_COUNTED,
    MOST_WORDS,
    PRICE_STEPS,
    Facets,
    FacetValue,
    PriceRange,
    SearchPage,
    SearchQuery,
    SearchUnavailable,
    Sort,
    words,
)

_SOURCE: Final = ["product_id", "title", "description", "category"]
_SORTS: Final[Mapping[Sort, tuple[str, str]]] = {
    Sort.RELEVANCE: ("_score", "desc"),
    Sort.CHEAPEST: ("price", "asc"),
    Sort.DEAREST: ("price", "desc"),
}
_STILL_THERE: Final = {"term": {"removed": False}}
_SUGGESTED: Final = 3
"""How many titles are read for each that is suggested: several products can have the same."""
_BOUNDS: Final = tuple(zip((0, *PRICE_STEPS), (*PRICE_STEPS, None), strict=True))
_FACETS: Final[dict[str, Any]] = {
    "categories": {"terms": {"field": "category", "size": FACET_VALUES}},
    "sellers": {"terms": {"field": "sellers", "size": FACET_VALUES}},
    "prices": {
        "range": {
            "field": "price",
            "ranges": [{"from": low} if high is None else {"from": low, "to": high} for low, high in _BOUNDS],
        }
    },
}


class OpenSearchProductSearch:
    """Searches the index behind the alias."""

    def __init__(self, engine: OpenSearch) -> None:
        self._engine = engine

    async def search(self, query: SearchQuery) -> SearchPage:
        after = query.after
        answer = await self._find(search_body(query))
        hits = answer["hits"]["hits"]
        shown = hits[: query.limit]
        return SearchPage(
            hits=tuple(hit(one["_source"]) for one in shown),
            total=answer["hits"]["total"]["value"],
            facets=_facets(answer["aggregations"]) if after is None else None,
            next_cursor=query.cursor_after(tuple(shown[-1]["sort"])) if len(hits) > len(shown) else None,
        )

    async def suggest(self, text: str, limit: int) -> tuple[str, ...]:
        begun = words(text)[:MOST_WORDS]
        if not begun:
            return ()
        body = {
            "size": limit * _SUGGESTED,
            "query": {
                "bool": {
                    "must": [{"match_bool_prefix": {"title_words": {"query": " ".join(begun), "operator": "and"}}}],
                    "filter": [_STILL_THERE],
                }
            },
            "sort": [{"_score": "desc"}, {"product_id": "asc"}],
            "track_total_hits": False,
            "_source": ["title"],
        }
        answer = await self._find(body)
        titles = dict.fromkeys(one["_source"]["title"] for one in answer["hits"]["hits"])
        return tuple(titles)[:limit]

    async def check(self) -> None:
        await self._find({"size": 0, "track_total_hits": False})

    async def _find(self, body: dict[str, Any]) -> dict[str, Any]:
        try:
            return await self._engine.send("POST", f"/{ALIAS}/_search", body)
        except RequestRefused as refused:
            if refused.answered == HTTPStatus.NOT_FOUND:
                raise SearchUnavailable("the index has not been made yet") from refused
            raise


def search_body(query: SearchQuery) -> dict[str, Any]:
    """The request that finds one page. Raises InvalidRequest for a foreign cursor."""
    after = query.after
    field, order = _SORTS[query.sort]
    body: dict[str, Any] = {
        # One more than the page: it says whether there is another page.
        "size": query.limit + 1,
        "query": _asked(query),
        "sort": [{field: order}, {"product_id": "asc"}],
        "track_total_hits": MOST_COUNTED,
        "_source": _SOURCE,
    }
    body |= {"aggs": _FACETS} if after is None else {"search_after": list(after)}
    return body


def _asked(query: SearchQuery) -> dict[str, Any]:
    wanted = [_word(word) for word in words(query.text)[:MOST_WORDS]]
    prices = {
        bound: price
        for bound, price in (("gte", query.minimum_price), ("lte", query.maximum_price))
        if price is not None
    }
    filters = [
        _STILL_THERE,
        *([{"terms": {"category": list(query.categories)}}] if query.category is not None else []),
        *([{"term": {"sellers": query.seller_id}}] if query.seller_id is not None else []),
        *([{"range": {"price": prices}}] if prices else []),
        *([{"term": {"available": True}}] if query.available else []),
    ]
    return {"bool": {"must": wanted or [{"match_all": {}}], "filter": filters}}


def _word(word: str) -> dict[str, Any]:
    """A word in any field: exact before nearly right, title before the rest."""
    exact = [{"match": {field: {"query": word, "boost": boost}}} for field, boost in _WEIGHTS]
    nearly = [
        {"match": {field: {"query": word, "fuzziness": "AUTO", "boost": boost / _EXACT}}} for field, boost in _WEIGHTS
    ]
    return {"bool": {"should": [*exact, *nearly], "minimum_should_match": 1}}


_WEIGHTS: Final = (("title_words", 3.0), ("other_words", 1.0))
_EXACT: Final = 4.0
"""How much more an exact word counts than one with a typing error."""


def _facets(found: Mapping[str, Any]) -> Facets:
    counts = {bucket["from"]: bucket["doc_count"] for bucket in found["prices"]["buckets"] if "from" in bucket}
    return Facets(
        categories=_values(found["categories"]),
        sellers=_values(found["sellers"]),
        prices=tuple(PriceRange(minimum=low, below=high, count=counts.get(low, 0)) for low, high in _BOUNDS),
    )


def _values(found: Mapping[str, Any]) -> tuple[FacetValue, ...]:
    values = [FacetValue(value=one["key"], count=one["doc_count"]) for one in found["buckets"]]
    return tuple(sorted(values, key=lambda one: (-one.count, one.value)))
