from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from commerce.recommendations import Signals


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What one step of learning changed."""

    products: frozenset[str]
    """Whose ranking may be another now."""
    orders: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Affinity:
    """A product's own signals, and those of the products that it met."""

    together: Mapping[str, Signals]
    alone: Mapping[str, Signals]


class Affinities(Protocol):
    """What is known of products that were bought or looked at together."""

    async def learn_orders(self, until: datetime, limit: int) -> Learned:
        """Learn the next orders that were accepted before `until`, at most `limit`, each once for ever.

        An order that has failed by then teaches nothing. Nothing is learned while another process does.
        """
        ...

    async def learn_views(self, views: Sequence[tuple[str, str]], now: datetime) -> frozenset[str]:
        """Learn pairs (what was looked at before, what then); returns the products."""
        ...

    async def of(self, product_ids: Collection[str]) -> Mapping[str, Affinity]:
        """At most `recommendations.KEPT` others for each product."""
        ...

    async def bestsellers(self, limit: int) -> tuple[str, ...]:
        """What is bought most, by orders; equal ones by their id."""
        ...

    async def products(self, after: str, limit: int) -> tuple[str, ...]:
        """The next products of which anything is known, in the order of their ids. `after` is "" at the start."""
        ...
