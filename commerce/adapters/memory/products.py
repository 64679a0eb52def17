"""`commerce.ports.Products` in memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

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

    async def create_own(self, products: Collection[Product]) -> None:
        self._products |= {product.product_id: product for product in products}

    async def delete(self, product: Product) -> None:
        if self._products.get(product.product_id, product) != product:
            raise ProductChanged(product.product_id)
        self._products.pop(product.product_id, None)

    async def touch(self, product_id: str) -> None:
        """Nobody follows."""

    async def list(self, limit: int, cursor: str | None = None, categories: Sequence[str] = ()) -> ProductPage:
        if cursor is not None and not cursor.startswith("after:"):
            raise InvalidRequest("This cursor was not given out by this list. Start without one.")
        after = "" if cursor is None else cursor.removeprefix("after:")
        listed = [one for one in self._products.values() if not one.withdrawn]
        if categories:
            listed = [one for one in listed if one.category in categories]
        following = sorted((one for one in listed if one.product_id > after), key=lambda one: one.product_id)
        items = tuple(following[:limit])
        return ProductPage(items=items, next_cursor=f"after:{items[-1].product_id}" if len(following) > limit else None)
