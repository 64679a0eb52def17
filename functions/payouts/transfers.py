"""Sellers' shares: released when their return window has closed, then transferred."""

from __future__ import annotations

import logging
from datetime import datetime

from commerce.payments import PaymentRefused
from commerce.ports import PaymentGateway, Payouts

AT_ONCE = 50
"""Shares in one round: as many transfers as fit well into a minute."""

_log = logging.getLogger(__name__)


class ReleaseDue:
    """Releases the shares whose return window has closed."""

    def __init__(self, payouts: Payouts) -> None:
        self._payouts = payouts

    async def __call__(self, now: datetime) -> int:
        return await self._payouts.release_due(now)


class TransferDue:
    """Transfers released shares, each once: the payment processor finds a transfer that was made and not recorded."""

    def __init__(self, payouts: Payouts, gateway: PaymentGateway) -> None:
        self._payouts = payouts
        self._gateway = gateway

    async def __call__(self, now: datetime) -> int:
        """Goes on after a share that the processor refuses, and ends where the processor cannot be reached."""
        done = 0
        for share in await self._payouts.due_transfers(AT_ONCE):
            try:
                transfer_id = await self._gateway.transfer(
                    order_id=share.order_id,
                    seller_id=share.seller_id,
                    account_id=share.account_id,
                    amount=share.amount,
                    source_charge=share.source_charge,
                )
            except PaymentRefused as refused:
                _log.error("transfer refused", extra={"order_id": share.order_id, "reason": str(refused)})
                continue
            await self._payouts.record_transfer(share.order_id, share.seller_id, transfer_id)
            done += 1
        return done
