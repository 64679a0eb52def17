"""What the gateway needs to speak to Stripe."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, SecretStr


class StripeCredentials(BaseModel):
    """The payment secret: `{"api_key": ..., "webhook_secret": ..., "connect_webhook_secret": ..., "api_base": ...}`.

    The webhook secrets are empty until the endpoints are registered: one for the platform's own events, one for those
    of the sellers' accounts. While one is rolled it holds both, with a space between them. `api_base` is an origin to
    speak to in place of Stripe's own, such as `http://127.0.0.1:12111`.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    api_key: SecretStr = Field(min_length=1)
    webhook_secret: SecretStr = SecretStr("")
    connect_webhook_secret: SecretStr = SecretStr("")
    api_base: HttpUrl | None = None

    @property
    def signing_secrets(self) -> tuple[str, ...]:
        """Every secret that an event may be signed with."""
        both = (self.webhook_secret, self.connect_webhook_secret)
        return tuple(one for secret in both for one in secret.get_secret_value().split())

    @property
    def live(self) -> bool:
        """Whether the key moves real money. A live endpoint also gets events of test data."""
        return "_live_" in self.api_key.get_secret_value()

    def base_addresses(self) -> dict[str, str]:
        """The SDK's base addresses that differ from Stripe's own."""
        return {} if self.api_base is None else {"api": str(self.api_base).rstrip("/")}
