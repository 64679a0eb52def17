"""The saga function's own settings; its links to the order database and the carts have theirs."""

from __future__ import annotations

from pydantic_settings import BaseSettings, SettingsConfigDict


class SagaSettings(BaseSettings):
    """`STRIPE_SECRET_ARN`: the secret that holds the payment processor's key, read with this function's own role."""

    model_config = SettingsConfigDict(frozen=True)

    stripe_secret_arn: str
