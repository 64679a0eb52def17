from __future__ import annotations

from datetime import datetime
from typing import Protocol

from commerce.statements import Balance, Statement


class Statements(Protocol):
    """What the ledger says of one seller."""

    async def balance(self, seller_id: str, now: datetime) -> tuple[Balance, ...]:
        """One for each currency in which something was ever posted, by its code."""
        ...

    async def statement(self, seller_id: str, start: datetime, end: datetime) -> Statement:
        """From `start` until before `end`. Raises InvalidRequest and TooManyEntries."""
        ...
