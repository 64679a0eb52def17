"""Webhooks: nothing is read before the signature is verified on the raw bytes."""

from __future__ import annotations

import json

import stripe

from commerce.payments import ForgedWebhook, WebhookEvent


def verify(payload: bytes, signature: str, secret: str, tolerance_seconds: int) -> WebhookEvent:
    """The event in `payload`, signed with `secret` at most `tolerance_seconds` ago. Raises ForgedWebhook."""
    if not secret:
        raise ForgedWebhook("There is no webhook secret to verify with. Register the webhook endpoint first.")
    try:
        text = payload.decode("utf-8")
        stripe.WebhookSignature.verify_header(text, signature, secret, tolerance_seconds)
        event = json.loads(text)
        return WebhookEvent(
            event_id=event["id"],
            type=event["type"],
            created=event["created"],
            data=event["data"]["object"],
            livemode=event.get("livemode", False),
        )
    except stripe.SignatureVerificationError as error:
        raise ForgedWebhook(f"The webhook's signature was not accepted: {error.user_message or error}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ForgedWebhook("The webhook's body is not a Stripe event.") from error
