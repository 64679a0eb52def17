from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Protocol

from commerce.dispatch import Dispatch, Patience, Redispatched


class Outbox(Protocol):
    """Orders whose checkout flow is still to be started, written together with the order."""

    async def take(self, limit: int, lease: timedelta) -> tuple[Dispatch, ...]:
        """The oldest rows that are due, leased for `lease`: rows that are not `done` by then are due again."""
        ...

    async def done(self, outbox_ids: Collection[int]) -> None: ...

    async def redispatch(self, patience: Patience, limit: int = 100) -> Redispatched:
        """Queue the orders that stand still (`Patience.stands_still`) again under a new attempt, oldest first.

        To start an order that was given up, insert an outbox row by hand with its `dispatches` as the attempt.
        """
        ...
