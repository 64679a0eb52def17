"""The payment port over Stripe's SDK.

The buyer pays the platform (charge, captured when stock is confirmed); each seller's share goes out by a transfer of
its own, whose transfer group is the order. Idempotency keys are business ids and an attempt: a step that is repeated,
by this process or another, finds what the first one did.

For a day Stripe repeats its first answer to an idempotency key, also when that was a fault of its own (500), after
which the request may have taken effect or not. After a fault the gateway looks for what it wanted to make. When there
is none, and the fault was a repeated answer, it tries again under the next key of a fixed sequence: every repetition of
the step goes through it in the same order. After a day Stripe forgets a key. A transfer, a reversal and a refund may be
repeated even then, so they are looked for first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

import stripe

from commerce.adapters.stripe import webhooks
from commerce.adapters.stripe.accounts import account_state
from commerce.adapters.stripe.clients import Clients
from commerce.adapters.stripe.failures import error_code, is_fault, is_replayed, translated
from commerce.money import Money
from commerce.payments import (
    AuthenticationFailed,
    Authorization,
    Capture,
    PaymentDeclined,
    PaymentRefused,
    WebhookEvent,
)
from commerce.seller_accounts import AccountLink, AccountState

if TYPE_CHECKING:
    from stripe import V1Services

_UNEXPECTED_STATE = "payment_intent_unexpected_state"
_LIVE = frozenset({"requires_capture", "processing", "succeeded"})
_PAGE = 100
_WITH_FEE = ["latest_charge.balance_transaction"]
_KEYS = 10

Result = TypeVar("Result")


class _HasMetadata(Protocol):
    @property
    def metadata(self) -> Any: ...


Made = TypeVar("Made", bound=_HasMetadata)


class StripeGateway:
    """`commerce.ports.PaymentGateway` on Stripe. The SDK blocks, so each call runs in a thread.

    When Stripe refuses the API key, which may have been rotated, the call is made once more with the current one.
    """

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    async def authorize(self, *, order_id: str, amount: Money, payment_method: str, attempt: int = 1) -> Authorization:
        """Set the amount aside on the card. Raises PaymentDeclined, AuthenticationRequired.

        The answer of a bank that asks the buyer to authenticate has a client secret, which the buyer's browser hands to
        Stripe's own library. A declined payment holds nothing.
        """
        metadata = _metadata(attempt, order_id=order_id)
        with translated("authorization", order_id=order_id):
            intent = await self._persist(
                f"order/{order_id}/authorize/{attempt}",
                lambda v1, once: v1.payment_intents.create(
                    {
                        "amount": amount.amount,
                        "currency": amount.currency,
                        "payment_method": payment_method,
                        "capture_method": "manual",
                        "confirm": True,
                        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
                        "use_stripe_sdk": True,
                        "transfer_group": order_id,
                        "metadata": metadata,
                    },
                    once,
                ),
                lambda v1: _live_intent(v1, metadata, amount),
            )
        if intent.status == "requires_payment_method":
            raise PaymentDeclined(order_id, _reason(intent))
        return _authorization(intent)

    async def authorization(self, *, order_id: str, payment_intent_id: str) -> Authorization:
        """What became of a payment that waited for its buyer. Raises AuthenticationFailed."""
        with translated("authorization", order_id=order_id, payment_intent_id=payment_intent_id):
            intent = await self._call(lambda v1: v1.payment_intents.retrieve(payment_intent_id))
        if intent.status in ("requires_payment_method", "canceled"):
            raise AuthenticationFailed(order_id, _reason(intent))
        return _authorization(intent)

    async def capture(self, *, order_id: str, payment_intent_id: str) -> Capture:
        """Take the authorized amount. A payment captured before is not an error."""
        with translated("capture", order_id=order_id, payment_intent_id=payment_intent_id):
            intent = await self._unless_already(
                "succeeded",
                payment_intent_id,
                f"order/{order_id}/capture/{payment_intent_id}",
                lambda v1, once: v1.payment_intents.capture(payment_intent_id, {"expand": _WITH_FEE}, once),
            )
        if intent.latest_charge is None:
            raise PaymentRefused("Stripe captured no charge.", order_id=order_id, payment_intent_id=payment_intent_id)
        return Capture(
            charge_id=_id(intent.latest_charge),
            amount=Money(intent.amount_received, intent.currency),
            fee=_fee(intent.latest_charge),
        )

    async def cancel(self, *, order_id: str, payment_intent_id: str) -> None:
        """Let the authorized amount go. A payment canceled before is not an error; a captured one is."""
        with translated("cancellation", order_id=order_id, payment_intent_id=payment_intent_id):
            await self._unless_already(
                "canceled",
                payment_intent_id,
                f"order/{order_id}/cancel/{payment_intent_id}",
                lambda v1, once: v1.payment_intents.cancel(payment_intent_id, options=once),
            )

    async def create_account(self, *, seller_id: str, country: str, email: str) -> str:
        """A connected account with the Express dashboard; Stripe collects the seller's data and bears no losses.

        Both capabilities are asked for: transfers alone needs Stripe's approval of the platform.
        """
        with translated("creation of the seller's account", seller_id=seller_id):
            account = await self._call(
                lambda v1: v1.accounts.create(
                    {
                        "country": country,
                        "email": email,
                        "controller": {
                            "fees": {"payer": "application"},
                            "losses": {"payments": "application"},
                            "stripe_dashboard": {"type": "express"},
                        },
                        "capabilities": {"card_payments": {"requested": True}, "transfers": {"requested": True}},
                        "metadata": {"seller_id": seller_id},
                    },
                    _once(f"seller/{seller_id}/account"),
                )
            )
        return account.id

    async def account(self, account_id: str) -> AccountState:
        """What Stripe says of a connected account now."""
        asked = datetime.now(UTC)
        with translated("look at the seller's account", account_id=account_id):
            account = await self._call(lambda v1: v1.accounts.retrieve(account_id))
        return account_state(account.to_dict(), asked)

    async def account_link(self, account_id: str, *, return_url: str, refresh_url: str) -> AccountLink:
        """A page of the onboarding. No idempotency key: each link works once, so each request wants its own."""
        with translated("link to the onboarding", account_id=account_id):
            link = await self._call(
                lambda v1: v1.account_links.create(
                    {
                        "account": account_id,
                        "type": "account_onboarding",
                        "return_url": return_url,
                        "refresh_url": refresh_url,
                    }
                )
            )
        return AccountLink(url=link.url, expires_at=datetime.fromtimestamp(link.expires_at, UTC))

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
        """Move a seller's share; with `source_charge` it may go out before the charge's money has settled."""
        parameters: dict[str, Any] = {
            "amount": amount.amount,
            "currency": amount.currency,
            "destination": account_id,
            "transfer_group": order_id,
            "metadata": _metadata(attempt, order_id=order_id, seller_id=seller_id),
        }
        if source_charge is not None:
            parameters["source_transaction"] = source_charge
        metadata = parameters["metadata"]

        def make(v1: V1Services, once: stripe.RequestOptions) -> stripe.Transfer:
            return v1.transfers.create(parameters, once)  # type: ignore[arg-type]

        def find(v1: V1Services) -> stripe.Transfer | None:
            # Not by the account, which Stripe may not know any more: the answer would be taken for a refusal.
            made = v1.transfers.list({"transfer_group": order_id, "limit": _PAGE})
            return _first_with(metadata, made.auto_paging_iter())

        with translated("transfer", order_id=order_id, seller_id=seller_id, account_id=account_id):
            transfer = await self._call(find)
            if transfer is None:
                key = f"order/{order_id}/seller/{seller_id}/transfer/{attempt}"
                transfer = await self._persist(key, make, find)
        return transfer.id

    async def reverse_transfer(self, *, transfer_id: str, amount: Money, refund_id: str) -> str:
        """Take part of a transfer back for one refund; each refund reverses a transfer once."""
        metadata = _metadata(refund_id=refund_id)

        def find(v1: V1Services) -> stripe.TransferReversal | None:
            made = v1.transfers.reversals.list(transfer_id, {"limit": _PAGE})
            return _first_with(metadata, made.auto_paging_iter())

        with translated("reversal", transfer_id=transfer_id, refund_id=refund_id):
            reversal = await self._call(find)
            if reversal is None:
                reversal = await self._persist(
                    f"transfer/{transfer_id}/reverse/{refund_id}",
                    lambda v1, once: v1.transfers.reversals.create(
                        transfer_id, {"amount": amount.amount, "metadata": metadata}, once
                    ),
                    find,
                )
        return reversal.id

    async def refund(self, *, order_id: str, payment_intent_id: str, amount: Money, refund_id: str) -> str:
        """Give the buyer money back from the platform's balance."""
        metadata = _metadata(order_id=order_id, refund_id=refund_id)

        def find(v1: V1Services) -> stripe.Refund | None:
            made = v1.refunds.list({"payment_intent": payment_intent_id, "limit": _PAGE})
            return _first_with(metadata, made.auto_paging_iter())

        with translated("refund", order_id=order_id, payment_intent_id=payment_intent_id, refund_id=refund_id):
            refund = await self._call(find)
            if refund is None:
                refund = await self._persist(
                    f"order/{order_id}/refund/{refund_id}",
                    lambda v1, once: v1.refunds.create(
                        {
                            "payment_intent": payment_intent_id,
                            "amount": amount.amount,
                            "metadata": metadata,
                        },
                        once,
                    ),
                    find,
                )
        return refund.id

    def verify_webhook(self, payload: bytes, signature: str, secret: str, tolerance_seconds: int = 300) -> WebhookEvent:
        """The event in the raw bytes of a webhook. Raises ForgedWebhook."""
        return webhooks.verify(payload, signature, secret, tolerance_seconds)

    async def _call(self, call: Callable[[V1Services], Result]) -> Result:
        return await asyncio.to_thread(self._with_client, call)

    def _with_client(self, call: Callable[[V1Services], Result]) -> Result:
        try:
            return call(self._clients.current().v1)
        except stripe.AuthenticationError:
            if not self._clients.refused():
                raise
            return call(self._clients.current().v1)

    async def _persist(
        self,
        key: str,
        make: Callable[[V1Services, stripe.RequestOptions], Result],
        find: Callable[[V1Services], Result | None],
    ) -> Result:
        """Make something once: under `key`, or under the next key when Stripe repeats an earlier fault for this one."""
        keys = [key, *(f"{key}/{number}" for number in range(2, _KEYS + 1))]
        while True:
            once = _once(keys.pop(0))
            try:
                return await self._call(lambda v1, once=once: make(v1, once))  # type: ignore[misc]
            except stripe.APIError as fault:
                if not is_fault(fault):
                    raise
                found = await self._call(find)
                if found is not None:
                    return found
                if not keys or not is_replayed(fault):
                    raise

    async def _unless_already(
        self,
        wanted: Literal["succeeded", "canceled"],
        payment_intent_id: str,
        key: str,
        change: Callable[[V1Services, stripe.RequestOptions], stripe.PaymentIntent],
    ) -> stripe.PaymentIntent:
        """Change the payment, or find that another request with another key has done so."""

        def changed(v1: V1Services) -> stripe.PaymentIntent | None:
            intent = v1.payment_intents.retrieve(payment_intent_id, {"expand": _WITH_FEE})
            return intent if intent.status == wanted else None

        try:
            return await self._persist(key, change, changed)
        except stripe.InvalidRequestError as error:
            if error_code(error) != _UNEXPECTED_STATE:
                raise
            intent = await self._call(changed)
            if intent is None:
                raise
            return intent


def _authorization(intent: stripe.PaymentIntent) -> Authorization:
    waits = intent.status in ("requires_action", "requires_confirmation")
    return Authorization(
        payment_intent_id=intent.id, status=intent.status, client_secret=intent.client_secret if waits else None
    )


def _reason(intent: stripe.PaymentIntent) -> str:
    """Why the bank or Stripe did not authorize the payment."""
    error = intent.last_payment_error
    return getattr(error, "decline_code", None) or getattr(error, "code", None) or "card_declined"


def _once(idempotency_key: str) -> stripe.RequestOptions:
    return {"idempotency_key": idempotency_key}


def _metadata(attempt: int = 1, **ids: str) -> dict[str, str]:
    return ids if attempt == 1 else ids | {"attempt": str(attempt)}


def _first_with(metadata: Mapping[str, str], listed: Iterable[Made]) -> Made | None:
    """The first object that was made with this metadata, to which others may have added theirs. None without one."""
    return next((one for one in listed if _has(metadata, one)), None)


def _has(metadata: Mapping[str, str], made: _HasMetadata) -> bool:
    present = made.metadata.to_dict() if made.metadata else {}
    return metadata.items() <= present.items() and present.get("attempt") == metadata.get("attempt")


def _live_intent(v1: V1Services, metadata: Mapping[str, str], amount: Money) -> stripe.PaymentIntent | None:
    """The payment of an order that holds or has taken the amount. Stripe lists charges by order, but not payments."""
    charges = v1.charges.list(
        {"transfer_group": metadata["order_id"], "limit": _PAGE, "expand": ["data.payment_intent"]}
    )
    intents = (one.payment_intent for one in charges.auto_paging_iter())
    live = (one for one in intents if isinstance(one, stripe.PaymentIntent) and one.status in _LIVE)
    return _first_with(
        metadata, (one for one in live if (one.amount, one.currency) == (amount.amount, amount.currency))
    )


def _fee(charge: str | stripe.Charge) -> int:
    """What Stripe keeps of a captured charge. A card's charge has its movement as soon as it is captured."""
    moved = None if isinstance(charge, str) else charge.balance_transaction
    return 0 if moved is None or isinstance(moved, str) else moved.fee


def _id(reference: str | stripe.Charge | stripe.PaymentIntent) -> str:
    return reference if isinstance(reference, str) else reference.id
