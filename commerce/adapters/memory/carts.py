"""`commerce.ports.Carts` in memory."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from commerce.cart import MAXIMUM_LINES, MAXIMUM_QUANTITY, Cart, check_quantity, check_size


class MemoryCarts:
    """Nothing expires here: `LIFETIME`, `REMEMBERED` and `SECOND_CLICK` have no effect."""

    def __init__(self) -> None:
        self._carts: dict[str, Cart] = {}
        self._taken: set[str] = set()
        self._returned: set[str] = set()

    async def get(self, buyer_id: str) -> Cart:
        return self._carts.get(buyer_id, Cart(buyer_id=buyer_id))

    async def set_item(self, buyer_id: str, offer_id: str, quantity: int) -> Cart:
        check_quantity(offer_id, quantity)
        cart = await self.get(buyer_id)
        if quantity == cart.items.get(offer_id, 0):
            return cart
        items = {**cart.items, offer_id: quantity}
        if not quantity:
            del items[offer_id]
        if offer_id not in cart.items:
            check_size(len(items))
        return self._put(buyer_id, items)

    async def clear(self, buyer_id: str) -> None:
        self._carts.pop(buyer_id, None)

    async def take(self, buyer_id: str, order_id: str, lines: Mapping[str, int]) -> Cart:
        cart = await self.get(buyer_id)
        if order_id in self._taken | self._returned:
            return cart
        self._taken.add(order_id)
        left = {offer_id: quantity - lines.get(offer_id, 0) for offer_id, quantity in cart.items.items()}
        return self._put(buyer_id, {offer_id: units for offer_id, units in left.items() if units > 0}, order_id)

    async def give_back(self, buyer_id: str, order_id: str, lines: Mapping[str, int]) -> None:
        if order_id in self._returned:
            return
        self._returned.add(order_id)
        items = dict((await self.get(buyer_id)).items)
        if order_id in self._taken:
            for offer_id, quantity in lines.items():
                if offer_id in items or len(items) < MAXIMUM_LINES:
                    items[offer_id] = min(items.get(offer_id, 0) + quantity, MAXIMUM_QUANTITY)
        if items:
            self._put(buyer_id, items)

    def _put(self, buyer_id: str, items: Mapping[str, int], ordered: str = "") -> Cart:
        revision = uuid.uuid4().hex if items else ""
        cart = Cart(
            buyer_id=buyer_id, items=dict(sorted(items.items())), revision=revision, ordered="" if items else ordered
        )
        self._carts[buyer_id] = cart
        return cart
