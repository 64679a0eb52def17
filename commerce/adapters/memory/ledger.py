"""`commerce.ports.Ledger` in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from commerce.adapters.memory.market import MemoryMarket
from commerce.ledger import LedgerTransaction


class MemoryLedger:
    def __init__(self, market: MemoryMarket) -> None:
        self._market = market

    async def post(self, transaction: LedgerTransaction) -> bool:
        return self._market.post(transaction)

    async def get(self, transaction_id: str) -> LedgerTransaction | None:
        return self._market.ledger.get(transaction_id)

    async def balance(self, account: str) -> Mapping[str, int]:
        return self._sums(account)

    async def totals(self) -> Mapping[str, int]:
        return self._sums(None)

    def _sums(self, account: str | None) -> Mapping[str, int]:
        sums: Counter[str] = Counter()
        for transaction in self._market.ledger.values():
            for entry in transaction.entries:
                if account in (None, entry.account):
                    sums[entry.amount.currency] += entry.amount.amount
        return dict(sums)
