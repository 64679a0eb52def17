"""The saga function's own settings; its links to the order database and the carts have theirs."""

from __future__ import annotations

from functions.settings import FunctionSettings


class SagaSettings(FunctionSettings):
    """`STRIPE_SECRET`: the secret that holds the payment processor's key, read with this function's own identity."""

    stripe_secret: str
