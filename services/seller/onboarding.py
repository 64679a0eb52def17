"""A seller's account at the payment processor: made once, completed by the seller on the processor's own pages."""

from __future__ import annotations

from commerce.ports import PaymentGateway, SellerAccounts
from commerce.seller_accounts import AccountLink, NoAccount, SellerAccount


class Onboarding:
    """Every step may be repeated: the processor makes one account for a seller, whatever is asked twice."""

    def __init__(self, *, accounts: SellerAccounts, gateway: PaymentGateway) -> None:
        self._accounts = accounts
        self._gateway = gateway

    async def open_account(self, seller_id: str, *, country: str, email: str) -> SellerAccount:
        """The seller's account; the first one stays. Raises SellerNotRegistered, PaymentRefused, PaymentUnavailable."""
        known = await self._accounts.get(seller_id)
        if known is not None:
            return known
        # Asked first: an account at the processor that belongs to nobody here would be lost.
        await self._accounts.require_registered(seller_id)
        account_id = await self._gateway.create_account(seller_id=seller_id, country=country, email=email)
        attached = await self._accounts.attach(seller_id, account_id)
        return await self._refreshed(attached)

    async def account(self, seller_id: str) -> SellerAccount:
        """The account as it was last heard of. What does not take transfers yet is asked for again: the seller comes
        here from the processor's pages, sooner than the processor's message. Raises NoAccount."""
        known = await self._accounts.get(seller_id)
        if known is None:
            raise NoAccount(seller_id)
        if known.state is not None and known.state.takes_transfers:
            return known
        return await self._refreshed(known)

    async def link(self, seller_id: str, *, return_url: str, refresh_url: str) -> AccountLink:
        """A new page to complete the account on. Raises NoAccount."""
        known = await self._accounts.get(seller_id)
        if known is None:
            raise NoAccount(seller_id)
        return await self._gateway.account_link(known.account_id, return_url=return_url, refresh_url=refresh_url)

    async def _refreshed(self, account: SellerAccount) -> SellerAccount:
        await self._accounts.record(await self._gateway.account(account.account_id), account.seller_id)
        return await self._accounts.get(account.seller_id) or account
