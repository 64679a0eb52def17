"""The life of a payment intent: confirm, authenticate, capture, cancel."""

from __future__ import annotations

from typing import Literal

from toolkit.local.stripe.call import Call
from toolkit.local.stripe.cards import Card, Decline
from toolkit.local.stripe.events import public
from toolkit.local.stripe.parameters import Flag, Parameters, Section, Text
from toolkit.local.stripe.refusal import Refusal
from toolkit.local.stripe.resources import charges, disputes, payment_methods
from toolkit.local.stripe.storage import Json

_CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
_CANCELABLE = (*_CONFIRMABLE, "requires_capture", "processing")
_UNAUTHENTICATED = Decline(
    code="authentication_required",
    decline_code="authentication_required",
    message="Your card was declined. This transaction requires authentication.",
)
_AUTHENTICATION_FAILED = Decline(
    code="payment_intent_authentication_failure",
    decline_code="",
    message="The provided PaymentMethod has failed authentication.",
)


class Shipping(Section):
    address: payment_methods.Address
    name: Text
    carrier: str | None = None
    phone: str | None = None
    tracking_number: str | None = None


class ConfirmationParameters(Parameters):
    """The parameters that `confirm` shares with `create` and its `confirm=true`."""

    payment_method: Text | None = None
    payment_method_data: payment_methods.PaymentMethodData | None = None
    capture_method: Literal["automatic", "automatic_async", "manual"] | None = None
    error_on_requires_action: Flag = False
    off_session: Flag | Literal["one_off", "recurring"] = False
    return_url: Text | None = None
    receipt_email: str | None = None
    shipping: Shipping | None = None
    use_stripe_sdk: Flag = False


def choose(call: Call, parameters: ConfirmationParameters) -> Json | None:
    """The payment method that the request names or describes."""
    if parameters.payment_method is not None:
        return payment_methods.resolve(call, parameters.payment_method)
    if parameters.payment_method_data is not None:
        return payment_methods.create_from(call, parameters.payment_method_data, param="payment_method_data")
    return None


def confirm(
    call: Call, intent: Json, parameters: ConfirmationParameters, *, payment_method: Json | None = None
) -> Json:
    """Attempt the payment. Raises `Refusal` (402) when the card is declined; the failed charge stays."""
    if intent["status"] not in _CONFIRMABLE:
        raise unexpected_state(
            intent,
            f"This PaymentIntent's status is {intent['status']}; only one with a status of "
            f"{', '.join(_CONFIRMABLE)} can be confirmed.",
        )
    if payment_method is None and intent["payment_method"] is not None:
        payment_method = payment_methods.resolve(call, intent["payment_method"])
    if payment_method is None:
        raise unexpected_state(intent, "You cannot confirm this PaymentIntent because it's missing a payment method.")
    automatic = intent["automatic_payment_methods"]
    if automatic and automatic["enabled"] and automatic["allow_redirects"] == "always" and not parameters.return_url:
        raise Refusal(
            "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of "
            "these payment methods might redirect your customer off of your page, you must provide a `return_url`. "
            "If you don't want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to "
            "`true` and `automatic_payment_methods[allow_redirects]` to `never`.",
            details={"payment_intent": public(intent)},
        )
    intent["payment_method"] = payment_method["id"]
    intent["last_payment_error"] = None
    if parameters.capture_method is not None:
        intent["capture_method"] = parameters.capture_method
    card = payment_methods.card_of(payment_method)
    if card.authentication:
        if parameters.off_session:
            raise _declined(call, intent, payment_method, card, _UNAUTHENTICATED)
        if parameters.error_on_requires_action:
            raise _failed(call, intent, payment_method, _UNAUTHENTICATED, charge=None)
        return _require_action(call, intent, parameters.return_url)
    return _charge(call, intent, payment_method, card)


def authenticate(call: Call, intent: Json, *, succeeded: bool) -> Json:
    """Apply the result of 3-D Secure to an intent that waits for it."""
    if intent["status"] != "requires_action":
        raise unexpected_state(intent, f"This PaymentIntent's status is {intent['status']}, not requires_action.")
    payment_method = payment_methods.resolve(call, intent["payment_method"])
    intent["next_action"] = None
    if not succeeded:
        raise _failed(call, intent, payment_method, _AUTHENTICATION_FAILED, charge=None)
    return _charge(call, intent, payment_method, payment_methods.card_of(payment_method))


def capture(call: Call, intent: Json, amount: int | None) -> Json:
    """Capture an authorized payment, or part of it; the rest is released."""
    if intent["status"] != "requires_capture":
        raise unexpected_state(
            intent,
            f"This PaymentIntent could not be captured because it has a status of {intent['status']}. Only a "
            "PaymentIntent with one of the following statuses may be captured: requires_capture.",
        )
    amount = intent["amount_capturable"] if amount is None else amount
    if amount > intent["amount_capturable"]:
        raise Refusal(
            f"The amount {amount} is greater than the amount {intent['amount_capturable']} that can be captured.",
            code="amount_too_large",
            param="amount_to_capture",
        )
    payment_method = call.find("payment_method", intent["payment_method"])
    if (decline := payment_methods.card_of(payment_method).capture_decline) is not None:
        charge = charges.release(call, call.find("charge", intent["latest_charge"]))
        intent["amount_capturable"] = 0
        raise _failed(call, intent, payment_method, decline, charge=charge)
    charge = charges.capture(call, call.find("charge", intent["latest_charge"]), amount)
    call.emit("charge.captured", charge)
    _succeed(call, intent, amount)
    disputes.dispute_captured(call, charge, payment_methods.card_of(payment_method))
    return intent


def cancel(call: Call, intent: Json, reason: str | None) -> Json:
    """Cancel an intent that is not captured; its authorization is released."""
    if intent["status"] not in _CANCELABLE:
        raise unexpected_state(
            intent,
            f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}. Only a PaymentIntent "
            f"with one of the following statuses may be canceled: {', '.join(_CANCELABLE)}.",
        )
    if intent["status"] == "requires_capture":
        charges.release(call, call.find("charge", intent["latest_charge"]))
    intent.update(
        status="canceled", canceled_at=call.now(), cancellation_reason=reason, amount_capturable=0, next_action=None
    )
    call.save(intent)
    call.emit("payment_intent.canceled", intent)
    return intent


def unexpected_state(intent: Json, message: str) -> Refusal:
    """The intent is not in a state that allows this."""
    return Refusal(message, code="payment_intent_unexpected_state", details={"payment_intent": public(intent)})


def _charge(call: Call, intent: Json, payment_method: Json, card: Card) -> Json:
    if card.decline is not None:
        raise _declined(call, intent, payment_method, card, card.decline)
    charge = charges.attempt(call, intent, payment_method, card, decline=None)
    call.save(payment_method | {"_used": True})
    intent["latest_charge"] = charge["id"]
    if intent["capture_method"] == "manual":
        intent.update(status="requires_capture", amount_capturable=intent["amount"])
        call.save(intent)
        call.emit("payment_intent.amount_capturable_updated", intent)
        return intent
    charges.capture(call, charge, intent["amount"])
    _succeed(call, intent, intent["amount"])
    disputes.dispute_captured(call, charge, card)
    return intent


def _succeed(call: Call, intent: Json, amount: int) -> None:
    intent.update(status="succeeded", amount_capturable=0, amount_received=amount)
    call.save(intent)
    call.emit("payment_intent.succeeded", intent)


def _require_action(call: Call, intent: Json, return_url: str | None) -> Json:
    # Without a return URL Stripe's own browser library shows the challenge; with one, the buyer is sent to a page.
    page = f"{call.base_url}/_double/authenticate/{intent['id']}"
    intent["status"] = "requires_action"
    intent["next_action"] = (
        {"type": "redirect_to_url", "redirect_to_url": {"url": page, "return_url": return_url}}
        if return_url
        else {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect", "stripe_js": page}}
    )
    call.save(intent)
    call.emit("payment_intent.requires_action", intent)
    return intent


def _declined(call: Call, intent: Json, payment_method: Json, card: Card, decline: Decline) -> Refusal:
    charge = charges.attempt(call, intent, payment_method, card, decline=decline)
    return _failed(call, intent, payment_method, decline, charge=charge)


def _failed(call: Call, intent: Json, payment_method: Json, decline: Decline, *, charge: Json | None) -> Refusal:
    details: Json = {"payment_method": public(payment_method)}
    if decline.decline_code:
        details["decline_code"] = decline.decline_code
    if charge is not None:
        details["charge"] = intent["latest_charge"] = charge["id"]
    kind = "card_error" if decline.decline_code else "invalid_request_error"
    refusal = Refusal(decline.message, status=402, kind=kind, code=decline.code, details=details, keeps_changes=True)
    intent.update(status="requires_payment_method", payment_method=None, next_action=None)
    intent["last_payment_error"] = dict(refusal.error)
    call.save(intent)
    call.emit("payment_intent.payment_failed", intent)
    refusal.error["payment_intent"] = public(intent)
    return refusal
