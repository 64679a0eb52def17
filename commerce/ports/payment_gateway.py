from __future__ import annotations

from typing import Protocol

from commerce.money import Money
from commerce.payments import Authorization, Capture, WebhookEvent
from commerce.seller_accounts import AccountLink, AccountState


class PaymentGateway(Protocol):
    """The payment processor. Idempotency keys are built from the ids given here, never at random.

    Besides the errors named, every method raises PaymentUnavailable (repeat it as it is) and PaymentRefused.
    """

    async def authorize(self, *, order_id: str, amount: Money, payment_method: str, attempt: int = 1) -> Authorization:
        """Set the amount aside, or find that the buyer must authenticate. Raises PaymentDeclined,
        AuthenticationRequired."""
        ...

    async def authorization(self, *, order_id: str, payment_intent_id: str) -> Authorization:
        """What became of an authorization that waited for the buyer. Raises AuthenticationFailed."""
        ...

    async def capture(self, *, order_id: str, payment_intent_id: str) -> Capture: ...

    async def cancel(self, *, order_id: str, payment_intent_id: str) -> None: ...

    async def create_account(self, *, seller_id: str, country: str, email: str) -> str:
        """A connected account for a seller; returns its id."""
        ...

    async def account(self, account_id: str) -> AccountState:
        """What the processor says of a connected account now."""
        ...

    async def account_link(self, account_id: str, *, return_url: str, refresh_url: str) -> AccountLink:
        """A page on which the seller completes its account. It leads back to `return_url`, or to `refresh_url` when it
        was used or is too old."""
        ...

    async def transfer(
        self,
        *,
        order_id: str,
        seller_id: str,
        account_id: str,
        amount: Money,
        source_charge: str | None,
        attempt: int = 1,
    ) -> str:
        """Move a seller's share to its account (transfer group: the order); returns the transfer id."""
        ...

    async def reverse_transfer(self, *, transfer_id: str, amount: Money, refund_id: str) -> str:
        """Take part of a transfer back; returns the reversal id."""
        ...

    async def refund(self, *, order_id: str, payment_intent_id: str, amount: Money, refund_id: str) -> str:
        """Give the buyer money back; returns the processor's refund id."""
        ...

    def verify_webhook(self, payload: bytes, signature: str, secret: str, tolerance_seconds: int = 300) -> WebhookEvent:
        """Check the signature on the raw bytes. Raises ForgedWebhook."""
        ...
