from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from commerce.catalog import Product, ProductPage


class Products(Protocol):
    """What is sold, as its first seller described it."""

    async def put(self, product: Product, replacing: Product | None = None) -> None:
        """Write a whole product, with `replacing` only over exactly that one. Raises NotTheSeller when another seller
        owns it, and ProductChanged."""
        ...

    async def get(self, product_id: str) -> Product:
        """Raises ProductNotFound."""
        ...

    async def find(self, product_ids: Collection[str]) -> Mapping[str, Product]:
        """The products that exist among these."""
        ...

    async def create_own(self, products: Collection[Product]) -> None:
        """Write products whose ids nobody else can have taken (`imports.own_product_id`), whatever was there."""
        ...

    async def delete(self, product: Product) -> None:
        """Delete exactly this product; no error when it is gone. Raises ProductChanged."""
        ...

    async def touch(self, product_id: str) -> None:
        """Tell those who follow the products that this one is to be looked at again; nothing of it changes."""
        ...

    async def list(self, limit: int, cursor: str | None = None, categories: Sequence[str] = ()) -> ProductPage:
        """A page of at most `limit` products that are not withdrawn, of these categories (none: of all), in no
        promised order. Only the last page has no cursor; any may be empty. Raises InvalidRequest for a foreign cursor.
        """
        ...
