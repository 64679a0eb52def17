"""The contract of every payment gateway, whatever is behind it."""

from __future__ import annotations

import asyncio
from typing import Protocol

import pytest

from commerce.money import Money
from commerce.payments import AuthenticationFailed, Authorization, PaymentDeclined, PaymentRefused
from commerce.ports import PaymentGateway

TOTAL = Money(5_000, "usd")


class Processor(Protocol):
    """The gateway under test, and the seller's and the world's part that no gateway plays."""

    gateway: PaymentGateway

    def onboard(self, account_id: str) -> None:
        """The seller answers what the processor wants to know."""

    def authenticate(self, payment_intent_id: str, *, passed: bool) -> None:
        """The buyer answers the bank's challenge."""

    def held(self, order_id: str) -> int:
        """Minor units authorized for the order, not captured."""

    def taken(self, order_id: str) -> int:
        """Minor units captured for the order, less what was refunded."""

    def received(self, account_id: str) -> int:
        """Minor units that the seller's account has."""


class PaymentGatewayContract:
    """Inherit, and give a `processor` fixture."""

    async def charge(self, processor: Processor, order_id: str) -> tuple[str, str]:
        authorized = await processor.gateway.authorize(order_id=order_id, amount=TOTAL, payment_method="pm_card_visa")
        intent = authorized.payment_intent_id
        captured = await processor.gateway.capture(order_id=order_id, payment_intent_id=intent)
        return intent, captured.charge_id

    async def seller(self, processor: Processor, order_id: str) -> str:
        gateway = processor.gateway
        account = await gateway.create_account(seller_id=f"seller of {order_id}", country="US", email="s@example.com")
        processor.onboard(account)
        return account

    async def test_an_authorization_holds_the_amount_once(self, processor: Processor, order_id: str) -> None:
        first, again = [
            await processor.gateway.authorize(order_id=order_id, amount=TOTAL, payment_method="pm_card_visa")
            for _ in range(2)
        ]
        assert first == again
        assert first.status == "requires_capture"
        assert (processor.held(order_id), processor.taken(order_id)) == (5_000, 0)

    async def test_another_attempt_is_another_payment(self, processor: Processor, order_id: str) -> None:
        with pytest.raises(PaymentDeclined):
            await processor.gateway.authorize(order_id=order_id, amount=TOTAL, payment_method="pm_card_chargeDeclined")
        await processor.gateway.authorize(order_id=order_id, amount=TOTAL, payment_method="pm_card_visa", attempt=2)
        assert processor.held(order_id) == 5_000

    @pytest.mark.parametrize(
        ("payment_method", "decline_code"),
        [
            ("pm_card_chargeDeclined", "generic_decline"),
            ("pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds"),
        ],
    )
    async def test_a_declined_card_holds_nothing_and_says_why(
        self, processor: Processor, order_id: str, payment_method: str, decline_code: str
    ) -> None:
        for _ in range(2):
            with pytest.raises(PaymentDeclined) as declined:
                await processor.gateway.authorize(order_id=order_id, amount=TOTAL, payment_method=payment_method)
            assert (declined.value.order_id, declined.value.decline_code) == (order_id, decline_code)
        assert processor.held(order_id) == 0

    async def test_an_unusable_payment_method_is_a_decline(self, processor: Processor, order_id: str) -> None:
        with pytest.raises(PaymentDeclined):
            await processor.gateway.authorize(order_id=order_id, amount=TOTAL, payment_method="pm_never_made")

    async def test_a_payment_that_wants_the_buyer_holds_nothing_until_the_buyer_has_authenticated(
        self, processor: Processor, order_id: str
    ) -> None:
        first, again = [await self.challenged(processor, order_id) for _ in range(2)]
        assert first == again
        assert first.client_secret
        assert first.client_secret not in repr(first)
        assert processor.held(order_id) == 0
        with pytest.raises(PaymentRefused):
            await processor.gateway.capture(order_id=order_id, payment_intent_id=first.payment_intent_id)
        asked = {"order_id": order_id, "payment_intent_id": first.payment_intent_id}
        assert (await processor.gateway.authorization(**asked)).client_secret == first.client_secret
        processor.authenticate(first.payment_intent_id, passed=True)
        authorized = await processor.gateway.authorization(**asked)
        assert (authorized.status, authorized.client_secret) == ("requires_capture", None)
        assert processor.held(order_id) == 5_000

    async def test_a_buyer_who_fails_the_challenge_has_not_paid(self, processor: Processor, order_id: str) -> None:
        waiting = await self.challenged(processor, order_id)
        processor.authenticate(waiting.payment_intent_id, passed=False)
        with pytest.raises(AuthenticationFailed):
            await processor.gateway.authorization(order_id=order_id, payment_intent_id=waiting.payment_intent_id)
        assert processor.held(order_id) == 0

    async def challenged(self, processor: Processor, order_id: str) -> Authorization:
        return await processor.gateway.authorize(
            order_id=order_id, amount=TOTAL, payment_method="pm_card_threeDSecure2Required"
        )

    async def test_a_capture_takes_the_amount_once(self, processor: Processor, order_id: str) -> None:
        intent, charge = await self.charge(processor, order_id)
        again = await processor.gateway.capture(order_id=order_id, payment_intent_id=intent)
        assert (again.charge_id, again.amount) == (charge, TOTAL)
        assert (processor.held(order_id), processor.taken(order_id)) == (0, 5_000)

    async def test_a_cancellation_lets_go_once_and_ends_the_payment(self, processor: Processor, order_id: str) -> None:
        gateway = processor.gateway
        authorized = await gateway.authorize(order_id=order_id, amount=TOTAL, payment_method="pm_card_visa")
        for _ in range(2):
            await gateway.cancel(order_id=order_id, payment_intent_id=authorized.payment_intent_id)
        assert (processor.held(order_id), processor.taken(order_id)) == (0, 0)
        with pytest.raises(PaymentRefused):
            await gateway.capture(order_id=order_id, payment_intent_id=authorized.payment_intent_id)

    async def test_a_captured_payment_cannot_be_canceled(self, processor: Processor, order_id: str) -> None:
        intent, _ = await self.charge(processor, order_id)
        with pytest.raises(PaymentRefused):
            await processor.gateway.cancel(order_id=order_id, payment_intent_id=intent)
        assert processor.taken(order_id) == 5_000

    async def test_a_seller_has_one_account(self, processor: Processor, order_id: str) -> None:
        assert await self.seller(processor, order_id) == await self.seller(processor, order_id)

    async def test_a_share_is_transferred_once(self, processor: Processor, order_id: str) -> None:
        _, charge = await self.charge(processor, order_id)
        account = await self.seller(processor, order_id)
        transfers = [
            await processor.gateway.transfer(
                order_id=order_id, seller_id="s", account_id=account, amount=Money(2_700, "usd"), source_charge=charge
            )
            for _ in range(2)
        ]
        assert len(set(transfers)) == 1
        assert processor.received(account) == 2_700

    async def test_a_share_larger_than_its_charge_is_refused(self, processor: Processor, order_id: str) -> None:
        _, charge = await self.charge(processor, order_id)
        account = await self.seller(processor, order_id)
        with pytest.raises(PaymentRefused):
            await processor.gateway.transfer(
                order_id=order_id, seller_id="s", account_id=account, amount=Money(5_001, "usd"), source_charge=charge
            )
        assert processor.received(account) == 0

    async def test_each_refund_reverses_its_own_part_of_a_transfer(self, processor: Processor, order_id: str) -> None:
        _, charge = await self.charge(processor, order_id)
        account = await self.seller(processor, order_id)
        transfer = await processor.gateway.transfer(
            order_id=order_id, seller_id="s", account_id=account, amount=Money(2_700, "usd"), source_charge=charge
        )
        parts = (("refund-1", 1_000), ("refund-1", 1_000), ("refund-2", 700))
        reversals = [
            await processor.gateway.reverse_transfer(
                transfer_id=transfer, amount=Money(amount, "usd"), refund_id=f"{order_id}/{refund}"
            )
            for refund, amount in parts
        ]
        assert reversals[0] == reversals[1] != reversals[2]
        assert processor.received(account) == 1_000

    async def test_each_refund_is_given_once(self, processor: Processor, order_id: str) -> None:
        intent, _ = await self.charge(processor, order_id)
        refunds = [
            await processor.gateway.refund(
                order_id=order_id, payment_intent_id=intent, amount=Money(amount, "usd"), refund_id=refund
            )
            for refund, amount in (("a", 1_000), ("a", 1_000), ("b", 500))
        ]
        assert refunds[0] == refunds[1] != refunds[2]
        assert processor.taken(order_id) == 3_500

    async def test_more_than_was_captured_is_not_refunded(self, processor: Processor, order_id: str) -> None:
        intent, _ = await self.charge(processor, order_id)
        with pytest.raises(PaymentRefused):
            await processor.gateway.refund(
                order_id=order_id, payment_intent_id=intent, amount=Money(5_001, "usd"), refund_id="a"
            )
        assert processor.taken(order_id) == 5_000

    async def test_the_same_step_at_the_same_time_happens_once(self, processor: Processor, order_id: str) -> None:
        authorized = await asyncio.gather(
            *(
                processor.gateway.authorize(order_id=order_id, amount=TOTAL, payment_method="pm_card_visa")
                for _ in range(5)
            )
        )
        assert len({one.payment_intent_id for one in authorized}) == 1
        assert processor.held(order_id) == 5_000
