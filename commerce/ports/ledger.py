from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from commerce.ledger import LedgerTransaction


class Ledger(Protocol):
    """The append-only double-entry ledger."""

    async def post(self, transaction: LedgerTransaction) -> bool:
        """Append it; False when it was there already. Raises LedgerConflict when it was there with other entries."""
        ...

    async def get(self, transaction_id: str) -> LedgerTransaction | None: ...

    async def balance(self, account: str) -> Mapping[str, int]:
        """Minor units per currency; empty when the account has no entries."""
        ...

    async def totals(self) -> Mapping[str, int]:
        """The sum of everything per currency. Anything but zeros means the ledger was damaged."""
        ...
