"""Stripe's test cards: by number, by `pm_card_...` name and by `tok_...` name (https://docs.stripe.com/testing)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Decline:
    """Why the bank refuses: Stripe's error `code`, the bank's `decline_code`, the message for the buyer."""

    code: str = "card_declined"
    decline_code: str = "generic_decline"
    message: str = "Your card was declined."
    outcome: str = "issuer_declined"


@dataclass(frozen=True, kw_only=True)
class Card:
    """A test card and what happens to a payment with it."""

    number: str
    brand: str = "visa"
    funding: str = "credit"
    decline: Decline | None = None
    capture_decline: Decline | None = None
    authentication: bool = False
    settles_at_once: bool = False
    dispute: str | None = None
    """The reason for which the buyer's bank disputes the charge, or with `inquiry` asks about it."""
    inquiry: bool = False


_INSUFFICIENT = Decline(decline_code="insufficient_funds", message="Your card has insufficient funds.")

CARDS: dict[str, Card] = {
    "visa": Card(number="4242424242424242"),
    "visa_debit": Card(number="4000056655665556", funding="debit"),
    "mastercard": Card(number="5555555555554444", brand="mastercard"),
    "amex": Card(number="378282246310005", brand="amex"),
    "discover": Card(number="6011111111111117", brand="discover"),
    "bypassPending": Card(number="4000000000000077", settles_at_once=True),
    "chargeDeclined": Card(number="4000000000000002", decline=Decline()),
    "chargeDeclinedInsufficientFunds": Card(number="4000000000009995", decline=_INSUFFICIENT),
    "chargeDeclinedLostCard": Card(number="4000000000009987", decline=Decline(decline_code="lost_card")),
    "chargeDeclinedStolenCard": Card(number="4000000000009979", decline=Decline(decline_code="stolen_card")),
    "chargeDeclinedVelocityLimitExceeded": Card(
        number="4000000000006975", decline=Decline(decline_code="card_velocity_exceeded")
    ),
    "chargeDeclinedExpiredCard": Card(
        number="4000000000000069",
        decline=Decline(code="expired_card", decline_code="expired_card", message="Your card has expired."),
    ),
    "chargeDeclinedIncorrectCvc": Card(
        number="4000000000000127",
        decline=Decline(
            code="incorrect_cvc", decline_code="incorrect_cvc", message="Your card's security code is incorrect."
        ),
    ),
    "chargeDeclinedProcessingError": Card(
        number="4000000000000119",
        decline=Decline(
            code="processing_error",
            decline_code="processing_error",
            message="An error occurred while processing your card. Try again in a little bit.",
        ),
    ),
    "chargeDeclinedFraudulent": Card(
        number="4100000000000019", decline=Decline(decline_code="fraudulent", outcome="blocked")
    ),
    "authenticationRequired": Card(number="4000002760003184", authentication=True),
    "threeDSecure2Required": Card(number="4000000000003220", authentication=True),
    "threeDSecureRequired": Card(number="4000000000003063", authentication=True),
    "authenticationRequiredChargeDeclinedInsufficientFunds": Card(
        number="4000008260003178", authentication=True, decline=_INSUFFICIENT
    ),
}
CARDS["createDispute"] = Card(number="4000000000000259", dispute="fraudulent")
CARDS["createDisputeProductNotReceived"] = Card(number="4000000000002685", dispute="product_not_received")
CARDS["createDisputeInquiry"] = Card(number="4000000000001976", dispute="fraudulent", inquiry=True)

# Not one of Stripe's, which has none for it: authorized, and refused when the money is taken.
CARDS["captureDeclined"] = Card(number="4000000000000903", capture_decline=_INSUFFICIENT)

# Stripe names some cards twice.
CARDS["visa_chargeDeclined"] = CARDS["chargeDeclined"]
CARDS["visa_chargeDeclinedInsufficientFunds"] = CARDS["chargeDeclinedInsufficientFunds"]

BY_NUMBER: dict[str, Card] = {card.number: card for card in CARDS.values()}


def named(name: str) -> Card | None:
    """The card behind `pm_card_visa` or `tok_visa`."""
    return CARDS.get(name.removeprefix("pm_card_").removeprefix("tok_"))
