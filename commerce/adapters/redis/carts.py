"""Carts in Redis: one hash per buyer, offer id to quantity, and the revision in a field that no offer id can be."""

from __future__ import annotations

import uuid
from typing import cast

from redis.asyncio import Redis

from commerce.adapters.redis.script import script
from commerce.cart import LIFETIME, MAXIMUM_LINES, Cart, check_quantity, check_size

_REVISION = ":revision"


class RedisCarts:
    """`commerce.ports.Carts`. A cart that is not touched for `commerce.cart.LIFETIME` is forgotten."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._set = script(client, "cart_set")
        self._clear = script(client, "cart_clear")

    async def get(self, buyer_id: str) -> Cart:
        return _cart(buyer_id, cast("dict[str, str]", await self._client.hgetall(_key(buyer_id))))

    async def set_item(self, buyer_id: str, offer_id: str, quantity: int) -> Cart:
        check_quantity(offer_id, quantity)
        lifetime = int(LIFETIME.total_seconds())
        revision = uuid.uuid4().hex
        values = await self._set([_key(buyer_id)], [offer_id, quantity, revision, _REVISION, MAXIMUM_LINES, lifetime])
        if values == ["full"]:
            check_size(MAXIMUM_LINES + 1)
        return _cart(buyer_id, dict(zip(values[::2], values[1::2], strict=True)))

    async def clear(self, buyer_id: str, revision: str | None = None) -> None:
        if revision is None:
            await self._client.delete(_key(buyer_id))
        else:
            await self._clear([_key(buyer_id)], [_REVISION, revision])


def _key(buyer_id: str) -> str:
    return f"cart:{buyer_id}"


def _cart(buyer_id: str, values: dict[str, str]) -> Cart:
    revision = values.pop(_REVISION, "")
    items = {offer_id: int(values[offer_id]) for offer_id in sorted(values)}
    return Cart(buyer_id=buyer_id, items=items, revision=revision)
