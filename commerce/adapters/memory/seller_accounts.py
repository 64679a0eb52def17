"""`commerce.ports.SellerAccounts` in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from commerce.adapters.memory.market import MemoryMarket
from commerce.seller_accounts import AccountState, SellerAccount, SellerNotRegistered, is_news


class MemorySellerAccounts:
    def __init__(self, market: MemoryMarket) -> None:
        self._market = market

    async def get(self, seller_id: str) -> SellerAccount | None:
        seller = self._market.sellers.get(seller_id)
        if seller is None or seller.account_id is None:
            return None
        state = self._market.accounts.get(seller.account_id)
        return SellerAccount(seller_id=seller_id, account_id=seller.account_id, state=state)

    async def require_registered(self, seller_id: str) -> None:
        if seller_id not in self._market.sellers:
            raise SellerNotRegistered(seller_id)

    async def attach(self, seller_id: str, account_id: str) -> SellerAccount:
        seller = self._market.sellers.get(seller_id)
        if seller is None:
            raise SellerNotRegistered(seller_id)
        kept = seller.account_id or account_id
        self._market.sellers[seller_id] = replace(seller, account_id=kept)
        return SellerAccount(seller_id=seller_id, account_id=kept, state=self._market.accounts.get(kept))

    async def record(self, state: AccountState, seller_id: str | None = None) -> bool:
        if not is_news(self._market.accounts.get(state.account_id), state):
            return False
        self._market.accounts[state.account_id] = state
        return True

    async def unconfirmed(self, before: datetime, limit: int = 100) -> tuple[str, ...]:
        known = {
            seller.account_id: self._market.accounts.get(seller.account_id)
            for seller in self._market.sellers.values()
            if seller.account_id is not None
        }
        waiting = [
            (state.as_of.isoformat() if state else "", account_id)
            for account_id, state in known.items()
            if state is None or (not state.takes_transfers and state.as_of < before)
        ]
        return tuple(account_id for _, account_id in sorted(waiting)[:limit])
