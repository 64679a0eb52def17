"""The payment webhook's own settings; its link to the order database has its own."""

from __future__ import annotations

from functions.settings import FunctionSettings


class PaymentWebhookSettings(FunctionSettings):
    """`STRIPE_SECRET`: the secret that holds what the processor signs its events with, read with this function's own
    identity."""

    stripe_secret: str
    refund_commission: bool = True
    """Whether a refund gives the commission back, too."""
