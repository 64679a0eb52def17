"""Stripe's errors as the marketplace's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import stripe

from commerce.payments import AuthenticationRequired, PaymentDeclined, PaymentRefused, PaymentUnavailable

_AUTHENTICATION = "authentication_required"
_UNAVAILABLE = (stripe.APIConnectionError, stripe.RateLimitError, stripe.APIError, stripe.AuthenticationError)
_IN_USE = "idempotency_key_in_use"
_NOT_OURS = "account_invalid"


def error_code(error: stripe.StripeError) -> str | None:
    """The `code` of Stripe's error object, wherever the SDK's class keeps it."""
    return error.code or getattr(error.error, "code", None)


def decline_code(error: stripe.CardError) -> str:
    """The bank's reason, or Stripe's error code where the bank gave none."""
    return getattr(error.error, "decline_code", None) or error_code(error) or "card_declined"


def is_fault(error: stripe.StripeError) -> bool:
    """Whether Stripe itself failed: the request may have taken effect or not."""
    return (error.http_status or 0) >= 500


def is_replayed(error: stripe.StripeError) -> bool:
    """Whether this is the stored answer to an earlier request with the same idempotency key."""
    return (error.headers or {}).get("idempotent-replayed") == "true"


@contextmanager
def translated(operation: str, *, order_id: str | None = None, **ids: str) -> Iterator[None]:
    """Raise the marketplace's error for any of Stripe's.

    A card error of an order, or a payment method that cannot be used, becomes PaymentDeclined or
    AuthenticationRequired; what may be repeated as it is becomes PaymentUnavailable; everything else PaymentRefused.
    An API key that Stripe does not accept says nothing of the request, which an earlier call may have made already: to
    take it for a refusal would be to pay again under the next attempt.
    The `request_id` in the context finds the call in Stripe's log.
    """
    context = ids if order_id is None else {"order_id": order_id, **ids}
    try:
        yield
    except stripe.CardError as error:
        if order_id is None:
            raise _refused(operation, error, context) from error
        if error_code(error) == _AUTHENTICATION:
            intent = getattr(error.error, "payment_intent", None)
            raise AuthenticationRequired(order_id, intent["id"] if intent else "") from error
        raise PaymentDeclined(order_id, decline_code(error)) from error
    except stripe.InvalidRequestError as error:
        # A payment method that does not exist or was used before is the buyer's to replace, like a declined card.
        if order_id is not None and error.param == "payment_method":
            raise PaymentDeclined(order_id, error_code(error) or "payment_method_unusable") from error
        raise _refused(operation, error, context) from error
    except _UNAVAILABLE as error:
        raise _unavailable(operation, error, context) from error
    except stripe.PermissionError as error:
        # Also what Stripe answers for an account that left the platform: that is of the request.
        if error_code(error) == _NOT_OURS:
            raise _refused(operation, error, context) from error
        raise _unavailable(operation, error, context) from error
    except stripe.StripeError as error:
        if error.http_status == 409 or error_code(error) == _IN_USE:
            raise _unavailable(operation, error, context) from error
        raise _refused(operation, error, context) from error


def _unavailable(operation: str, error: stripe.StripeError, ids: dict[str, str]) -> PaymentUnavailable:
    return PaymentUnavailable(
        f"Stripe did not answer the {operation} ({error.user_message or error}). Repeat it as it is.",
        **_context(operation, error, ids),
    )


def _refused(operation: str, error: stripe.StripeError, ids: dict[str, str]) -> PaymentRefused:
    return PaymentRefused(
        f"Stripe refused the {operation}: {error.user_message or error}", **_context(operation, error, ids)
    )


def _context(operation: str, error: stripe.StripeError, ids: dict[str, str]) -> dict[str, str | None]:
    return {**ids, "operation": operation, "stripe_code": error_code(error), "request_id": error.request_id}
