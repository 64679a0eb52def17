"""Stripe's client for the key that the payment secret holds at this moment."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

import stripe

from commerce.adapters.stripe.credentials import StripeCredentials
from commerce.adapters.tracing import waiting_for

# A function has thirty seconds for a step, and the step needs some of them for itself.
MAXIMUM_NETWORK_RETRIES = 1
TIMEOUT_SECONDS = 8
_ID = re.compile(r"/[a-z]{2,5}_\w+")


class Clients(Protocol):
    """Where the gateway finds its client. Both methods may block."""

    def current(self) -> stripe.StripeClient: ...

    def refused(self) -> bool:
        """To be called when Stripe refused the API key of `current`. Whether `current` may give another one now."""
        ...


class RotatedClients:
    """A client for as long as the secret stays as it is: a rotated key makes a new one.

    `read` returns the secret and may cache it; `forget` empties that cache.
    """

    def __init__(self, read: Callable[[], Mapping[str, Any]], forget: Callable[[], None]) -> None:
        self._read = read
        self._forget = forget
        self._known: tuple[Mapping[str, Any], stripe.StripeClient] | None = None

    def current(self) -> stripe.StripeClient:
        secret = self._read()
        if self._known is None or self._known[0] != secret:
            self._known = secret, connect(StripeCredentials.model_validate(secret))
        return self._known[1]

    def refused(self) -> bool:
        self._forget()
        return True


class _TracedClient(stripe.RequestsClient):
    def request(self, method: str, url: str, *arguments: Any, **options: Any) -> Any:
        with waiting_for("stripe", f"{method.upper()} {_ID.sub('/{id}', urlsplit(url).path)}"):
            return super().request(method, url, *arguments, **options)


def connect(credentials: StripeCredentials) -> stripe.StripeClient:
    """A client of Stripe, or of `api_base`; it retries a lost connection with the same idempotency key."""
    return stripe.StripeClient(
        credentials.api_key.get_secret_value(),
        base_addresses=credentials.base_addresses(),  # type: ignore[arg-type]
        max_network_retries=MAXIMUM_NETWORK_RETRIES,
        http_client=_TracedClient(timeout=TIMEOUT_SECONDS),
    )
