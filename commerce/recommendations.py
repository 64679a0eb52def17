"""Which products to show beside a product, learned from what buyers bought and looked at together.

Scores are cosines: how often two products met, divided by how often each was there at all, so that a bestseller is not
recommended beside everything. Old signals fade by forward decay: a signal's weight grows with its date, and only
ratios of weights are compared, so nothing stored has to be rewritten as time goes by
(https://doi.org/10.1109/ICDE.2009.65).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import combinations

from commerce.categories import categories

HALF_LIFE = timedelta(days=60)
DAMPING = 3.0
"""Signals of today that every product is taken to have more of: two that met once by chance do not come first."""
VIEW_SHARE = 0.25
"""What a pair that was looked at together counts, beside one that was bought together."""
MAXIMUM_PRODUCTS = 20
"""Products of one order that are paired; the pairs grow with the square."""
KEPT = 100
"""Other products that are remembered for each product, the strongest ones."""
RANKED = 36
"""Products of a ranking. More than are shown: some will be sold out by then."""
SHOWN = 12
RECENT = 10
"""Products that a buyer looked at last, whose rankings make the buyer's own."""
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def weight(at: datetime) -> float:
    """What a signal of this moment counts. Twice as much after each `HALF_LIFE`."""
    return math.exp2((at - _EPOCH) / HALF_LIFE)


def pairs(product_ids: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Every two different products, in both directions, of the first `MAXIMUM_PRODUCTS`."""
    for one, other in combinations(sorted(set(product_ids))[:MAXIMUM_PRODUCTS], 2):
        yield one, other
        yield other, one


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """Summed weights: of a product alone, or of two that met."""

    bought: float = 0.0
    viewed: float = 0.0


def score(together: Signals, one: Signals, other: Signals, now: datetime) -> float:
    """How strongly the other product belongs beside the one, from 0 to 1 + `VIEW_SHARE`."""
    damping = DAMPING * weight(now)
    bought = together.bought / math.sqrt((one.bought + damping) * (other.bought + damping))
    viewed = together.viewed / math.sqrt((one.viewed + damping) * (other.viewed + damping))
    return bought + VIEW_SHARE * viewed


def rank(
    product_id: str,
    together: Mapping[str, Signals],
    alone: Mapping[str, Signals],
    now: datetime,
    limit: int = RANKED,
) -> tuple[str, ...]:
    """The products that belong beside this one, best first; equal ones by their id."""
    own = alone.get(product_id, Signals())
    scores = {
        other: score(signals, own, alone.get(other, Signals()), now)
        for other, signals in together.items()
        if other != product_id
    }
    return tuple(sorted((other for other in scores if scores[other] > 0), key=lambda id: (-scores[id], id))[:limit])


def merge(rankings: Sequence[Sequence[str]], excluded: Collection[str] = ()) -> tuple[str, ...]:
    """One ranking of several: the first places of all of them, then the second ones, each product once."""
    longest = max(map(len, rankings), default=0)
    in_turn = (ranking[place] for place in range(longest) for ranking in rankings if place < len(ranking))
    return tuple(product_id for product_id in dict.fromkeys(in_turn) if product_id not in excluded)


def by_category(bestsellers: Sequence[str], category_of: Mapping[str, str | None]) -> dict[str, tuple[str, ...]]:
    """The bestsellers of each category with what is below it, best first; "" is the whole shop."""
    found = {"": tuple(bestsellers[:RANKED])}
    for category in categories().values():
        below = set(category.branch())
        found[category.category_id] = tuple(id for id in bestsellers if category_of.get(id) in below)[:RANKED]
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """What the cache knows, from one read."""

    rankings: tuple[tuple[str, ...], ...] = ()
    """Of the product, or of those that the buyer looked at, the latest first."""
    seen: tuple[str, ...] = ()
    """What the rankings are of."""
    of_category: tuple[str, ...] = ()
    """Bestsellers of the category."""
    of_all: tuple[str, ...] = ()

    def ordered(self) -> tuple[str, ...]:
        """What was learned first, then the bestsellers of the category, then those of the whole shop.

        Never a product that the recommendations are for. What is sold out is still among them: only the source of truth
        knows (`shown`).
        """
        known = merge(self.rankings, self.seen)
        cold = (*self.of_category, *self.of_all)
        return tuple(dict.fromkeys((*known, *(id for id in cold if id not in self.seen))))

    def within_category(self) -> tuple[str, ...]:
        """The bestsellers of the category, those first that were learned to fit."""
        own = set(self.of_category).difference(self.seen)
        fitting = [product_id for product_id in merge(self.rankings) if product_id in own]
        return tuple(dict.fromkeys((*fitting, *(id for id in self.of_category if id in own))))


def shown(candidates: Sequence[str], available: Mapping[str, int], limit: int = SHOWN) -> tuple[str, ...]:
    """The first candidates of which there are units to buy at this moment; `available` is the order database's."""
    return tuple(product_id for product_id in candidates if available.get(product_id, 0) > 0)[:limit]
