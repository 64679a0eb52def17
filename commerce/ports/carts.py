from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from commerce.cart import Cart


class Carts(Protocol):
    """What buyers mean to buy."""

    async def get(self, buyer_id: str) -> Cart: ...

    async def set_item(self, buyer_id: str, offer_id: str, quantity: int) -> Cart:
        """Set the quantity of an offer, 0 removes it. Raises InvalidRequest (quantity, size)."""
        ...

    async def clear(self, buyer_id: str) -> None:
        """Empty the cart."""
        ...

    async def take(self, buyer_id: str, order_id: str, lines: Mapping[str, int]) -> Cart:
        """Take what an order bought out of the cart, line by line: what the buyer put into it meanwhile stays.

        Once per order, and never after `give_back`. Only for orders that the cart `remembers`.
        """
        ...

    async def give_back(self, buyer_id: str, order_id: str, lines: Mapping[str, int]) -> None:
        """Put what a failed order had taken back into the cart, beside what is in it by now, once per order.

        What would be more than a cart holds is left out. Only for orders that the cart `remembers`.
        """
        ...
