from __future__ import annotations

from datetime import datetime
from typing import Protocol

from commerce.seller_accounts import AccountState, SellerAccount


class SellerAccounts(Protocol):
    """Which account a seller has at the payment processor, and what the processor last said of it."""

    async def get(self, seller_id: str) -> SellerAccount | None: ...

    async def require_registered(self, seller_id: str) -> None:
        """Raises SellerNotRegistered."""
        ...

    async def attach(self, seller_id: str, account_id: str) -> SellerAccount:
        """Give the seller its account: the first one stays. Raises SellerNotRegistered."""
        ...

    async def record(self, state: AccountState, seller_id: str | None = None) -> bool:
        """Keep what the processor said, unless something newer is known; returns whether it was kept. `seller_id` is
        for a workload that acts for one seller at a time."""
        ...

    async def unconfirmed(self, before: datetime, limit: int = 100) -> tuple[str, ...]:
        """Accounts that take no transfers yet and were not heard of since `before`: to be asked for."""
        ...
