from __future__ import annotations

from collections.abc import Collection, Mapping
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

    async def list(self, limit: int, cursor: str | None = None) -> ProductPage:
        """A page of at most `limit` products, in no promised order. Raises InvalidRequest for a foreign cursor."""
        ...
