"""The stock gate in Redis. Each change of a reservation is one script, so it happens in full or not at all; a sweep
runs one script per batch.

All keys carry the hash tag `{stock}`: a script needs them in one slot of a cluster.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import cast

from redis.asyncio import Redis

from commerce.adapters.redis.script import script
from commerce.inventory import SoldOut, UnknownCounters, check_lines

COUNTERS = "{stock}:available"
EXPIRIES = "{stock}:expiries"
RESERVATION = "{stock}:reservation:"
_SWEEP_BATCH = 500
_REMEMBER = timedelta(hours=24)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class RedisStockGate:
    """`commerce.ports.StockGate`. A reservation id must not contain a colon."""

    def __init__(self, client: Redis, clock: Callable[[], datetime] = _utc_now) -> None:
        self._client = client
        self._clock = clock
        self._reserve = script(client, "reserve")
        self._release = script(client, "release")
        self._consume = script(client, "consume")
        self._sweep = script(client, "sweep")
        self._rebuild = script(client, "rebuild")

    async def reserve(self, reservation_id: str, lines: Mapping[str, int], ttl: timedelta) -> None:
        check_lines(lines)
        expires_at = _milliseconds(self._clock() + ttl)
        pairs = [value for line in lines.items() for value in line]
        refusal = await self._reserve([COUNTERS, EXPIRIES, RESERVATION + reservation_id], [expires_at, *pairs])
        if refusal:
            reason, *offer_ids = refusal
            raise SoldOut(offer_ids) if reason == "short" else UnknownCounters(offer_ids)

    async def seed(self, available: Mapping[str, int]) -> None:
        async with self._client.pipeline(transaction=False) as pipeline:
            for offer_id, units in available.items():
                pipeline.hsetnx(COUNTERS, offer_id, units)
            await pipeline.execute()

    async def release(self, reservation_id: str) -> None:
        await self._release([COUNTERS, EXPIRIES, RESERVATION + reservation_id], [reservation_id])

    async def consume(self, reservation_id: str) -> None:
        remember = int(_REMEMBER.total_seconds() * 1000)
        await self._consume([EXPIRIES, RESERVATION + reservation_id], [reservation_id, remember])

    async def expired(self, now: datetime) -> frozenset[str]:
        return frozenset(cast("list[str]", await self._client.zrangebyscore(EXPIRIES, "-inf", _milliseconds(now))))

    async def sweep(self, now: datetime) -> int:
        swept = 0
        while batch := int(await self._sweep([COUNTERS, EXPIRIES], [_milliseconds(now), _SWEEP_BATCH, RESERVATION])):
            swept += batch
        return swept

    async def available(self, offer_ids: Collection[str]) -> Mapping[str, int]:
        if not offer_ids:
            return {}
        counters = await self._client.hmget(COUNTERS, list(offer_ids))
        return {offer_id: int(units) for offer_id, units in zip(offer_ids, counters, strict=True) if units is not None}

    async def held(self) -> frozenset[str]:
        return frozenset(cast("list[str]", await self._client.zrange(EXPIRIES, 0, -1)))

    async def rebuild(self, available: Mapping[str, int], ordered: Collection[str]) -> None:
        pairs = [value for counter in available.items() for value in counter]
        await self._rebuild([COUNTERS, EXPIRIES], [RESERVATION, len(available), *pairs, *ordered])


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
