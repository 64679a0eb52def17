"""What was bought or looked at together, in PostgreSQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

import asyncpg

from commerce.ports.affinities import Affinity, Learned
from commerce.recommendations import KEPT, Signals, pairs, weight

_NEXT_ORDERS = """
SELECT o.order_id, o.accepted_at, o.status, array(
    SELECT DISTINCT l.product_id FROM order_lines l WHERE l.order_id = o.order_id
) AS products
FROM orders o
WHERE (o.accepted_at, o.order_id) > ($1, $2) AND o.accepted_at < $3
ORDER BY o.accepted_at, o.order_id
LIMIT $4
"""
# Rows are written in the order of their keys, so that two writers never wait for each other in a circle.
_ADD_ALONE = """
INSERT INTO product_signals AS s (product_id, bought, viewed)
SELECT * FROM unnest($1::text[], $2::float8[], $3::float8[]) AS n (product_id, bought, viewed) ORDER BY product_id
ON CONFLICT (product_id) DO UPDATE SET bought = s.bought + excluded.bought, viewed = s.viewed + excluded.viewed
"""
_ADD_TOGETHER = """
INSERT INTO product_affinities AS a (product_id, other_id, bought, viewed)
SELECT * FROM unnest($1::text[], $2::text[], $3::float8[], $4::float8[]) AS n (product_id, other_id, bought, viewed)
ORDER BY product_id, other_id
ON CONFLICT (product_id, other_id)
DO UPDATE SET bought = a.bought + excluded.bought, viewed = a.viewed + excluded.viewed
"""
_PRUNE = """
DELETE FROM product_affinities a USING (
    SELECT product_id, other_id,
        row_number() OVER (PARTITION BY product_id ORDER BY bought DESC, viewed DESC, other_id) AS place
    FROM product_affinities WHERE product_id = ANY ($1::text[])
) AS placed
WHERE placed.place > $2 AND a.product_id = placed.product_id AND a.other_id = placed.other_id
"""


class PostgresAffinities:
    """`commerce.ports.Affinities` over a pool of connections."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def learn_orders(self, until: datetime, limit: int) -> Learned:
        async with self._pool.acquire() as connection, connection.transaction():
            last = await connection.fetchrow("SELECT * FROM recommendation_progress FOR UPDATE SKIP LOCKED")
            if last is None:
                return Learned(products=frozenset(), orders=0)
            rows = await connection.fetch(_NEXT_ORDERS, last["accepted_at"], last["order_id"], until, limit)
            if not rows:
                return Learned(products=frozenset(), orders=0)
            added = _Sums()
            for row in rows:
                if row["status"] != "failed":
                    added.add(row["products"], Signals(bought=weight(row["accepted_at"])))
            await added.write(connection)
            await connection.execute(
                "UPDATE recommendation_progress SET accepted_at = $1, order_id = $2",
                rows[-1]["accepted_at"],
                rows[-1]["order_id"],
            )
        return Learned(products=frozenset(added.alone), orders=len(rows))

    async def learn_views(self, views: Sequence[tuple[str, str]], now: datetime) -> frozenset[str]:
        added = _Sums()
        for view in views:
            added.add(view, Signals(viewed=weight(now)))
        async with self._pool.acquire() as connection, connection.transaction():
            await added.write(connection)
        return frozenset(added.alone)

    async def of(self, product_ids: Collection[str]) -> Mapping[str, Affinity]:
        wanted = list(product_ids)
        met = await self._pool.fetch(
            "SELECT a.*, coalesce(s.bought, 0) AS other_bought, coalesce(s.viewed, 0) AS other_viewed "
            "FROM product_affinities a LEFT JOIN product_signals s ON s.product_id = a.other_id "
            "WHERE a.product_id = ANY ($1::text[])",
            wanted,
        )
        own = await self._pool.fetch("SELECT * FROM product_signals WHERE product_id = ANY ($1::text[])", wanted)
        together: dict[str, dict[str, Signals]] = defaultdict(dict)
        alone: dict[str, dict[str, Signals]] = defaultdict(dict)
        for row in met:
            together[row["product_id"]][row["other_id"]] = Signals(bought=row["bought"], viewed=row["viewed"])
            alone[row["product_id"]][row["other_id"]] = Signals(bought=row["other_bought"], viewed=row["other_viewed"])
        for row in own:
            alone[row["product_id"]][row["product_id"]] = Signals(bought=row["bought"], viewed=row["viewed"])
        return {id: Affinity(together=together[id], alone=alone[id]) for id in wanted}

    async def bestsellers(self, limit: int) -> tuple[str, ...]:
        rows = await self._pool.fetch(
            "SELECT product_id FROM product_signals WHERE bought > 0 ORDER BY bought DESC, product_id LIMIT $1", limit
        )
        return tuple(row["product_id"] for row in rows)

    async def products(self, after: str, limit: int) -> tuple[str, ...]:
        rows = await self._pool.fetch(
            "SELECT product_id FROM product_signals WHERE product_id > $1 ORDER BY product_id LIMIT $2", after, limit
        )
        return tuple(row["product_id"] for row in rows)


class _Sums:
    """What is added to the tables, summed by key: one statement must not touch a row twice."""

    def __init__(self) -> None:
        self.alone: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
        self._together: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0, 0.0])

    def add(self, product_ids: Iterable[str], signal: Signals) -> None:
        products = set(product_ids)
        for sums in (*(self.alone[id] for id in products), *(self._together[pair] for pair in pairs(products))):
            sums[0] += signal.bought
            sums[1] += signal.viewed

    async def write(self, connection: asyncpg.Connection) -> None:
        if not self.alone:
            return
        await connection.execute(_ADD_ALONE, list(self.alone), *_columns(self.alone.values()))
        ones, others = [pair[0] for pair in self._together], [pair[1] for pair in self._together]
        await connection.execute(_ADD_TOGETHER, ones, others, *_columns(self._together.values()))
        await connection.execute(_PRUNE, list(self.alone), KEPT)


def _columns(sums: Iterable[Sequence[float]]) -> tuple[list[float], list[float]]:
    both = list(sums)
    return [one[0] for one in both], [one[1] for one in both]
