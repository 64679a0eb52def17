"""What the gateway needs to speak to Stripe."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, SecretStr


class StripeCredentials(BaseModel):
    """The payment secret: `{"api_key": ..., "webhook_secret": ..., "api_base": optional}`.

    `webhook_secret` is empty until a webhook endpoint is registered. `api_base` is an origin to speak to in place of
    Stripe's own, such as `http://127.0.0.1:12111`.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    api_key: SecretStr = Field(min_length=1)
    webhook_secret: SecretStr = SecretStr("")
    api_base: HttpUrl | None = None

    def base_addresses(self) -> dict[str, str]:
        """The SDK's base addresses that differ from Stripe's own."""
        return {} if self.api_base is None else {"api": str(self.api_base).rstrip("/")}
