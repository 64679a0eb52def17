"""`commerce.ports.Carts` in memory."""

from __future__ import annotations

import uuid

from commerce.cart import Cart, check_quantity, check_size


class MemoryCarts:
    def __init__(self) -> None:
        self._carts: dict[str, Cart] = {}

    async def get(self, buyer_id: str) -> Cart:
        return self._carts.get(buyer_id, Cart(buyer_id=buyer_id))

    async def set_item(self, buyer_id: str, offer_id: str, quantity: int) -> Cart:
        check_quantity(offer_id, quantity)
        cart = await self.get(buyer_id)
        if cart.items.get(offer_id, 0) == quantity:
            return cart
        items = {**cart.items, offer_id: quantity}
        if quantity == 0:
            del items[offer_id]
        check_size(len(items))
        if items:
            ordered = {key: items[key] for key in sorted(items)}
            self._carts[buyer_id] = Cart(buyer_id=buyer_id, items=ordered, revision=uuid.uuid4().hex)
        else:
            del self._carts[buyer_id]
        return await self.get(buyer_id)

    async def clear(self, buyer_id: str, revision: str | None = None) -> None:
        if revision in (None, (await self.get(buyer_id)).revision):
            self._carts.pop(buyer_id, None)
