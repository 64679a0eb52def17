"""Rankings in Redis: one string per product, its ids joined by lines. Views: a short list per buyer, one list of pairs.

All keys carry the hash tag `{recommendations}`: a workload that only recommends is let at no others, and a script
needs them in one slot of a cluster.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import cast

from redis.asyncio import Redis

from commerce.adapters.redis.script import script
from commerce.recommendations import RECENT, Candidates

_OF = "{recommendations}:of:"
_BESTSELLERS = "{recommendations}:bestsellers:"
_SEEN = "{recommendations}:seen:"
_PAIRS = "{recommendations}:pairs"
_LIFE = timedelta(days=90)
_SEEN_LIFE = timedelta(days=30)
_PAIRS_KEPT = 100_000


class RedisRankings:
    """`commerce.ports.Rankings`. A ranking that nothing was learned for in 90 days is forgotten."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._recommended = script(client, "recommended")
        self._viewed = script(client, "viewed")

    async def beside(self, product_id: str, category: str = "") -> Candidates:
        keys = [_OF + product_id, _BESTSELLERS, _BESTSELLERS + category]
        own, of_all, of_category = map(_ids, cast("list[str | None]", await self._client.mget(keys)))
        return Candidates(
            rankings=(own,), seen=(product_id,), of_category=of_category if category else (), of_all=of_all
        )

    async def for_buyer(self, buyer_id: str, category: str = "") -> Candidates:
        keys = [_SEEN + buyer_id, _BESTSELLERS, _BESTSELLERS + category]
        seen, rankings, of_all, of_category = await self._recommended(keys, [_OF, RECENT])
        return Candidates(
            rankings=tuple(map(_ids, rankings)),
            seen=tuple(seen),
            of_category=_ids(of_category) if category else (),
            of_all=_ids(of_all),
        )

    async def publish(
        self, rankings: Mapping[str, Sequence[str]], bestsellers: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        values = {_OF + product_id: ranking for product_id, ranking in rankings.items()}
        values |= {_BESTSELLERS + category: ranking for category, ranking in (bestsellers or {}).items()}
        async with self._client.pipeline(transaction=False) as pipeline:
            for key, ranking in values.items():
                pipeline.set(key, "\n".join(ranking), ex=_LIFE)
            await pipeline.execute()

    async def published(self) -> bool:
        return bool(await self._client.exists(_BESTSELLERS))

    async def record_views(self, views: Sequence[tuple[str, str]]) -> None:
        life = int(_SEEN_LIFE.total_seconds())
        await self._viewed([_PAIRS], [_SEEN, RECENT, life, _PAIRS_KEPT, *(part for view in views for part in view)])

    async def take_views(self, limit: int) -> tuple[tuple[str, str], ...]:
        taken = cast("list[str] | None", await self._client.lpop(_PAIRS, limit))
        pairs = (pair.partition("\n") for pair in taken or ())
        return tuple((before, after) for before, _, after in pairs)


def _ids(value: str | None) -> tuple[str, ...]:
    return tuple(value.split("\n")) if value else ()
