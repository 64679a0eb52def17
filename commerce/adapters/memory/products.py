"""`commerce.ports.Products` in memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from commerce.catalog import NotTheSeller, Product, ProductChanged, ProductNotFound, ProductPage
from commerce.errors import InvalidRequest


class MemoryProducts:
    def __init__(self) -> None:
        self._products: dict[str, Product] = {}

    async def put(self, product: Product, replacing: Product | None = None) -> None:
        known = self._products.get(product.product_id, product)
        if known.owner_id != product.owner_id:
            raise NotTheSeller(product.owner_id, product.product_id)
        if replacing not in (None, self._products.get(product.product_id)):
            raise ProductChanged(product.product_id)
        self._products[product.product_id] = product

    async def get(self, product_id: str) -> Product:
        if product_id not in self._products:
            raise ProductNotFound(product_id)
        return self._products[product_id]

    async def find(self, product_ids: Collection[str]) -> Mapping[str, Product]:
        return {one: self._products[one] for one in product_ids if one in self._products}

    async def list(self, limit: int, cursor: str | None = None) -> ProductPage:
        if cursor is not None and not cursor.startswith("after:"):
            raise InvalidRequest("This cursor was not given out by this list. Start without one.")
        after = "" if cursor is None else cursor.removeprefix("after:")
        following = [product_id for product_id in sorted(self._products) if product_id > after]
        items = tuple(self._products[product_id] for product_id in following[:limit])
        return ProductPage(items=items, next_cursor=f"after:{items[-1].product_id}" if len(following) > limit else None)
