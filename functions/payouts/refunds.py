"""Refunds that were booked: made at the payment processor, and what the seller had of them taken back."""

from __future__ import annotations

import logging
from datetime import datetime

from commerce.payments import PaymentRefused
from commerce.ports import PaymentGateway, Refunds
from commerce.refunds import Refund, RefundState
from functions.payouts.one_by_one import one_by_one

AT_ONCE = 50
"""Refunds in one round: as many as fit well into a minute."""

_log = logging.getLogger(__name__)


class RefundDue:
    """Makes refunds, each once: the processor finds one that was made and not recorded."""

    def __init__(self, refunds: Refunds, gateway: PaymentGateway) -> None:
        self._refunds = refunds
        self._gateway = gateway

    async def __call__(self, now: datetime) -> int:
        """`refunds.refused` says what follows when the processor refuses one."""

        async def settle(refund: Refund) -> bool:
            try:
                await self._settle(refund)
            except PaymentRefused as refused:
                _log.error("refund refused", extra={"refund_id": refund.refund_id, "reason": str(refused)})
                await self._refunds.record_refusal(refund.refund_id, now)
                return False
            return True

        return await one_by_one(await self._refunds.due(now, AT_ONCE), settle)

    async def _settle(self, refund: Refund) -> None:
        if refund.state is RefundState.REQUESTED and refund.payment_intent_id is not None:
            made = await self._gateway.refund(
                order_id=refund.order_id,
                payment_intent_id=refund.payment_intent_id,
                amount=refund.amount,
                refund_id=refund.refund_id,
            )
            await self._refunds.record_paid(refund.refund_id, made)
        elif refund.state is RefundState.PAID and refund.transfer_id is not None:
            reversal = await self._gateway.reverse_transfer(
                transfer_id=refund.transfer_id, amount=refund.reversal, refund_id=refund.refund_id
            )
            await self._refunds.record_reversed(refund.refund_id, reversal)
