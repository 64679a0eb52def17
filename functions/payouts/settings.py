"""The payouts function's own settings; its link to the order database has its own."""

from __future__ import annotations

from functions.settings import FunctionSettings


class PayoutsSettings(FunctionSettings):
    """`STRIPE_SECRET`: the secret that holds the payment processor's key, read with this function's own identity."""

    stripe_secret: str
    refund_commission: bool = True
    """Whether a refund gives the commission back, too."""
