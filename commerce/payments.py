"""What passes through the payment port: results, webhook events, and the ways a payment is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from commerce.errors import MarketplaceError
from commerce.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """Money set aside on the buyer's card, not yet taken. `status` is the processor's own word.

    With a `client_secret` nothing is set aside yet: the bank asks the buyer to authenticate (3-D Secure), and the
    secret lets the buyer's browser do so. It is for the buyer only.
    """

    payment_intent_id: str
    status: str
    client_secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """Money taken: the charge that later transfers name as their source, how much it was, and what of it the processor
    keeps for itself, in minor units."""

    charge_id: str
    amount: Money
    fee: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEvent:
    """A processor's event whose signature was verified on the raw bytes.

    `created` is in seconds since 1970, `data` the object that the event is about, as JSON.
    """

    event_id: str
    type: str
    created: int
    data: Mapping[str, Any]
    livemode: bool = False


class PaymentDeclined(MarketplaceError):
    """The card was refused. Final for this payment method: retrying changes nothing."""

    status = 402
    code = "payment-declined"
    title = "The payment was declined"

    def __init__(self, order_id: str, decline_code: str) -> None:
        super().__init__(
            f"The payment of order {order_id} was declined ({decline_code}). Use another payment method.",
            order_id=order_id,
            decline_code=decline_code,
        )
        self.order_id = order_id
        self.decline_code = decline_code


class AuthenticationRequired(MarketplaceError):
    """The bank asks the buyer to authenticate (3-D Secure), and no buyer is present to do so."""

    status = 402
    code = "authentication-required"
    title = "The bank asks the buyer to authenticate"

    def __init__(self, order_id: str, payment_intent_id: str) -> None:
        super().__init__(
            f"The bank asks for the buyer's authentication of payment {payment_intent_id} of order {order_id}.",
            order_id=order_id,
            payment_intent_id=payment_intent_id,
        )
        self.order_id = order_id
        self.payment_intent_id = payment_intent_id


class AuthenticationFailed(MarketplaceError):
    """The buyer was asked to authenticate and the payment was not made: a failed challenge, or the bank's refusal
    after it."""

    status = 402
    code = "authentication-failed"
    title = "The buyer could not be authenticated"

    def __init__(self, order_id: str, reason: str) -> None:
        super().__init__(
            f"The payment of order {order_id} was not authenticated ({reason}). Use another payment method.",
            order_id=order_id,
            reason=reason,
        )
        self.order_id = order_id
        self.reason = reason


class PaymentRefused(MarketplaceError):
    """The processor understood the request and will never do it: a wrong amount, an unknown id, a wrong state.

    Not a decline of the card; a retry of the same request is useless.
    """

    status = 502
    code = "payment-refused"
    title = "The payment processor refused the request"


class PaymentUnavailable(MarketplaceError):
    """The processor could not be reached, asked to slow down, or did not accept the API key. Whether the request was
    made before, it did not say: the same request may be repeated as it is."""

    status = 503
    code = "payment-unavailable"
    title = "The payment processor is not available"


class ForgedWebhook(MarketplaceError):
    """A webhook whose signature does not match its bytes, or that is older than the tolerance."""

    status = 400
    code = "forged-webhook"
    title = "The webhook's signature is not valid"
