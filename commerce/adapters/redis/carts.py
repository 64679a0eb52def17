"""Carts in Redis: one hash per buyer, offer id to quantity; the revision is in a field whose name is no offer's id.

Two more kinds of key belong to a cart: the order that emptied it, and a mark for each recent order, `taken` or
`returned`. Their hash tag is the cart's own key, so that a script finds them in one slot of a cluster.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import cast

from redis.asyncio import Redis

from commerce.adapters.redis.script import script
from commerce.cart import (
    LIFETIME,
    MAXIMUM_LINES,
    MAXIMUM_QUANTITY,
    REMEMBERED,
    SECOND_CLICK,
    Cart,
    check_quantity,
    check_size,
)

_REVISION = ":revision"


class RedisCarts:
    """`commerce.ports.Carts`. A cart that is not touched for `commerce.cart.LIFETIME` is forgotten."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._set = script(client, "cart_set")
        self._take = script(client, "cart_take")
        self._give_back = script(client, "cart_give_back")

    async def get(self, buyer_id: str) -> Cart:
        cart = _cart(buyer_id, cast("dict[str, str]", await self._client.hgetall(_key(buyer_id))))
        if cart.items:
            return cart
        ordered = cast("str | None", await self._client.get(_ordered(buyer_id)))
        return replace(cart, ordered=ordered or "")

    async def set_item(self, buyer_id: str, offer_id: str, quantity: int) -> Cart:
        check_quantity(offer_id, quantity)
        values = await self._set(
            [_key(buyer_id), _ordered(buyer_id)],
            [offer_id, quantity, uuid.uuid4().hex, _REVISION, MAXIMUM_LINES, _seconds(LIFETIME)],
        )
        if values == ["full"]:
            check_size(MAXIMUM_LINES + 1)
        return _cart(buyer_id, _pairs(values))

    async def clear(self, buyer_id: str) -> None:
        await self._client.delete(_key(buyer_id), _ordered(buyer_id))

    async def take(self, buyer_id: str, order_id: str, lines: Mapping[str, int]) -> Cart:
        times = [_seconds(REMEMBERED), _seconds(SECOND_CLICK)]
        values = await self._take(
            [_key(buyer_id), _ordered(buyer_id), _mark(buyer_id, order_id)],
            [order_id, uuid.uuid4().hex, _REVISION, *times, *_flat(lines)],
        )
        return _cart(buyer_id, _pairs(values))

    async def give_back(self, buyer_id: str, order_id: str, lines: Mapping[str, int]) -> None:
        limits = [_seconds(REMEMBERED), _seconds(LIFETIME), MAXIMUM_LINES, MAXIMUM_QUANTITY]
        await self._give_back(
            [_key(buyer_id), _ordered(buyer_id), _mark(buyer_id, order_id)],
            [uuid.uuid4().hex, _REVISION, *limits, *_flat(lines)],
        )


def _key(buyer_id: str) -> str:
    return f"cart:{buyer_id}"


def _ordered(buyer_id: str) -> str:
    return f"{{{_key(buyer_id)}}}:ordered"


def _mark(buyer_id: str, order_id: str) -> str:
    return f"{{{_key(buyer_id)}}}:order:{order_id}"


def _seconds(duration: timedelta) -> int:
    return int(duration.total_seconds())


def _flat(lines: Mapping[str, int]) -> list[str | int]:
    return [value for line in lines.items() for value in line]


def _pairs(values: list[str]) -> dict[str, str]:
    return dict(zip(values[::2], values[1::2], strict=True))


def _cart(buyer_id: str, values: dict[str, str]) -> Cart:
    revision = values.pop(_REVISION, "")
    items = {offer_id: int(values[offer_id]) for offer_id in sorted(values)}
    return Cart(buyer_id=buyer_id, items=items, revision=revision)
