"""Sellers' shares: released when their return window has closed, then transferred."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from commerce.payments import PaymentRefused
from commerce.payouts import Payout
from commerce.ports import PaymentGateway, Payouts, SellerAccounts
from functions.payouts.one_by_one import one_by_one

AT_ONCE = 50
"""Shares in one round: as many transfers as fit well into a minute."""
ASK_AGAIN_AFTER = timedelta(minutes=10)
"""An account that takes no transfers yet is asked for, in case the processor's own message was lost."""

_log = logging.getLogger(__name__)


class ReleaseDue:
    """Releases the shares whose return window has closed."""

    def __init__(self, payouts: Payouts) -> None:
        self._payouts = payouts

    async def __call__(self, now: datetime) -> int:
        return await self._payouts.release_due(now)


class ConfirmAccounts:
    """Asks the processor for the accounts that nothing is known of, or that were not ready when it last told."""

    def __init__(self, accounts: SellerAccounts, gateway: PaymentGateway) -> None:
        self._accounts = accounts
        self._gateway = gateway

    async def __call__(self, now: datetime) -> int:
        return await one_by_one(await self._accounts.unconfirmed(now - ASK_AGAIN_AFTER, AT_ONCE), self._ask)

    async def _ask(self, account_id: str) -> bool:
        try:
            return await self._accounts.record(await self._gateway.account(account_id))
        except PaymentRefused as refused:
            _log.error("account not known", extra={"account_id": account_id, "reason": str(refused)})
            return False


class TransferDue:
    """Transfers claimed shares, each once: the processor finds a transfer that was made and not recorded."""

    def __init__(self, payouts: Payouts, gateway: PaymentGateway) -> None:
        self._payouts = payouts
        self._gateway = gateway

    async def __call__(self, now: datetime) -> int:
        """A share that the processor refuses is claimed again later; one that it does not answer for is sent again when
        its claim's time is over."""

        async def send(payout: Payout) -> bool:
            return await self._send(payout, now)

        return await one_by_one(await self._payouts.claim(now, AT_ONCE), send)

    async def _send(self, payout: Payout, now: datetime) -> bool:
        try:
            transfer_id = await self._gateway.transfer(
                order_id=payout.order_id,
                seller_id=payout.seller_id,
                account_id=payout.account_id,
                amount=payout.amount,
                source_charge=payout.source_charge,
                attempt=payout.attempt,
            )
        except PaymentRefused as refused:
            _log.error("transfer refused", extra={"order_id": payout.order_id, "reason": str(refused)})
            await self._payouts.record_refusal(payout.order_id, payout.seller_id, str(refused), now)
            return False
        await self._payouts.record_transfer(payout.order_id, payout.seller_id, transfer_id)
        return True
