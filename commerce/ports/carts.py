from __future__ import annotations

from typing import Protocol

from commerce.cart import Cart


class Carts(Protocol):
    """What buyers mean to buy."""

    async def get(self, buyer_id: str) -> Cart: ...

    async def set_item(self, buyer_id: str, offer_id: str, quantity: int) -> Cart:
        """Set the quantity of an offer, 0 removes it. Raises InvalidRequest (quantity, size)."""
        ...

    async def clear(self, buyer_id: str, revision: str | None = None) -> None:
        """Empty the cart; with `revision`, only when it has not changed since."""
        ...
