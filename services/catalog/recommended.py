"""From a ranking to products that can be bought: what is shown is checked against the order database first."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from commerce.catalog import Product, ProductNotFound
from commerce.recommendations import RANKED, SHOWN, shown
from services.catalog.dependencies import Catalog
from services.catalog.schemas import ProductBody
from services.http.tokens import Caller

PATIENCE_SECONDS = 0.5
_log = logging.getLogger(__name__)


async def available_among(catalog: Catalog, candidates: Sequence[str]) -> list[ProductBody]:
    """The first candidates of which there are units to buy at this moment. A product that was deleted since the ranking
    was made is left out."""
    ranked = candidates[: RANKED + SHOWN]
    listings = await catalog.offers.listings(ranked)
    available = {id: sum(listing.available for listing in listings[id]) for id in ranked}
    products = await asyncio.gather(*(_product(catalog, id) for id in shown(ranked, available)))
    return [ProductBody.of(product, listings[product.product_id]) for product in products if product]


async def while_browsing(catalog: Catalog, caller: Caller | None, category: str | None) -> list[ProductBody]:
    """For the buyer, else the bestsellers; of the category alone, if one is given. None at all while the cache is away
    or slow: what is added to a page must not keep it from being shown."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            candidates = await (
                catalog.rankings.for_buyer(caller.user_id, category or "")
                if caller
                else catalog.rankings.beside("", category or "")
            )
    except Exception:  # whatever the cache's client raises
        _log.exception("a page is shown without recommendations")
        return []
    return await available_among(catalog, candidates.within_category() if category else candidates.ordered())


async def _product(catalog: Catalog, product_id: str) -> Product | None:
    try:
        return await catalog.products.get(product_id)
    except ProductNotFound:
        return None
