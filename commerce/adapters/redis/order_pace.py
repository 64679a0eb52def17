"""How fast buyers order, in Redis: two sorted sets per buyer, by time, that expire after a day."""

from __future__ import annotations

from redis.asyncio import Redis

from commerce.adapters.redis.script import script
from commerce.fraud import DAY, HOUR, Pace
from commerce.orders import Order

_PREFIX = "{pace:%s}:"


class RedisOrderPace:
    """`commerce.ports.OrderPace`. An order's time is when it was accepted, so that a repeated step counts alike."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._count = script(client, "pace")

    async def count(self, order: Order) -> Pace:
        keys = [_PREFIX % order.buyer_id + kind for kind in ("orders", "cards")]
        accepted = int(order.accepted_at.timestamp() * 1000)
        hour, day = (int(window.total_seconds() * 1000) for window in (HOUR, DAY))
        last_hour, last_day, cards = await self._count(
            keys, [accepted, hour, day, order.order_id, order.payment_method]
        )
        return Pace(orders_last_hour=last_hour, orders_last_day=last_day, cards_last_day=cards)
