"""Pages of products: all, those of a category and what is below it, or those that a seller offers."""

from __future__ import annotations

import re

from commerce.catalog import PRODUCT_ID, ProductPage
from commerce.categories import category as known_category
from commerce.errors import InvalidRequest
from commerce.ports import Offers, Products


class Browsing:
    """Reads descriptions from one store, and who offers what from the other."""

    def __init__(self, *, products: Products, offers: Offers) -> None:
        self._products = products
        self._offers = offers

    async def page(
        self, limit: int, cursor: str | None = None, *, category: str | None = None, seller_id: str | None = None
    ) -> ProductPage:
        """A page of at most `limit` products, which may be empty before the last.

        Raises UnknownCategory, and InvalidRequest for a foreign cursor or two filters at once.
        """
        if category is not None and seller_id is not None:
            raise InvalidRequest("Browse by category or by seller; the search does both.")
        if seller_id is not None:
            return await self._of_seller(seller_id, limit, cursor)
        if category is not None:
            return await self._products.list(limit, cursor, tuple(known_category(category).branch()))
        return await self._products.list(limit, cursor)

    async def _of_seller(self, seller_id: str, limit: int, cursor: str | None) -> ProductPage:
        """Product ids in their order; the cursor is the last one."""
        if cursor is not None and not re.fullmatch(PRODUCT_ID, cursor):
            raise InvalidRequest("This cursor was not given out by this list. Start without one.")
        product_ids = await self._offers.products_of(seller_id, cursor or "", limit)
        found = await self._products.find(product_ids)
        return ProductPage(
            items=tuple(found[one] for one in product_ids if one in found and not found[one].withdrawn),
            next_cursor=product_ids[-1] if len(product_ids) == limit else None,
        )
