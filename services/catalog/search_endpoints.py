"""The search routes, open to everybody."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from commerce.search import SearchQuery, Sort
from services.catalog.dependencies import CatalogDependency
from services.catalog.recommended import while_browsing
from services.catalog.search_schemas import SearchPageBody, SuggestionsBody
from services.http.edge import QueryInteger
from services.http.identity import AnyCaller
from services.http.problems import MEDIA_TYPE, Problem

UNAVAILABLE = {
    "description": "The search engine does not answer; browsing does not need it",
    "content": {MEDIA_TYPE: {"schema": Problem.model_json_schema()}},
}
search_router = APIRouter(prefix="/search", tags=["search"], responses={503: UNAVAILABLE})

Text = Annotated[str, Query(max_length=200, description="Words to look for; typing errors are forgiven")]
Name = Annotated[str | None, Query(min_length=1, max_length=128)]
Price = Annotated[QueryInteger | None, Query(ge=0, description="In minor units, included")]


@search_router.get("", summary="Search: every result is checked against the order database when it is shown")
async def search(
    catalog: CatalogDependency,
    caller: AnyCaller,
    *,
    q: Text = "",
    category: Name = None,
    seller: Name = None,
    min_price: Price = None,
    max_price: Price = None,
    available: Annotated[bool, Query(description="Leave out what is sold out")] = False,
    sort: Sort = Sort.RELEVANCE,
    limit: Annotated[QueryInteger, Query(ge=1, le=100)] = 24,
    cursor: Annotated[str | None, Query(max_length=1024)] = None,
) -> SearchPageBody:
    query = SearchQuery(
        text=q,
        category=category,
        seller_id=seller,
        minimum_price=min_price,
        maximum_price=max_price,
        available=available,
        sort=sort,
        limit=limit,
        cursor=cursor,
    )
    page = await catalog.search.search(query)
    recommended = await while_browsing(catalog, caller, category) if query.only_browses else []
    return SearchPageBody.of(page, recommended)


@search_router.get("/suggestions", summary="Titles that fit what was typed so far")
async def suggestions(
    catalog: CatalogDependency,
    q: Annotated[str, Query(min_length=1, max_length=200)],
    limit: Annotated[QueryInteger, Query(ge=1, le=20)] = 8,
) -> SuggestionsBody:
    return SuggestionsBody(suggestions=list(await catalog.search.suggest(q, limit)))
