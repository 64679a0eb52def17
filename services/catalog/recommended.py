"""From a ranking to products that can be bought: what is shown is checked against the order database first."""

from __future__ import annotations

import asyncio

from commerce.catalog import Product, ProductNotFound
from commerce.recommendations import RANKED, SHOWN, Candidates, shown
from services.catalog.dependencies import Catalog
from services.catalog.schemas import ProductBody


async def available_among(catalog: Catalog, candidates: Candidates) -> list[ProductBody]:
    """The first candidates of which there are units to buy at this moment. A product that was deleted since the ranking
    was made is left out."""
    ranked = candidates.ordered()[: RANKED + SHOWN]
    listings = await catalog.offers.listings(ranked)
    available = {id: sum(listing.available for listing in listings[id]) for id in ranked}
    products = await asyncio.gather(*(_product(catalog, id) for id in shown(ranked, available)))
    return [ProductBody.of(product, listings[product.product_id]) for product in products if product]


async def _product(catalog: Catalog, product_id: str) -> Product | None:
    try:
        return await catalog.products.get(product_id)
    except ProductNotFound:
        return None
