"""The request that an endpoint handles, with the state of its account and the time."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from toolkit.local.stripe import events
from toolkit.local.stripe.refusal import missing
from toolkit.local.stripe.storage import Json, Store

PLATFORM = "acct_1MarketplacePlatform"
API_VERSION = "2026-10-28.endive"
DEFAULT_API_KEY = "sk_test_marketplace"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How the double behaves where Stripe's own behavior depends on the account or on time.

    Attributes:
        settlement_seconds: how long captured money stays pending before it is available (two days in the US).
        fee_basis_points, fee_fixed: Stripe's fee on each captured payment; none by default.
        latency_seconds: how long each write takes; a second use of an idempotency key meanwhile is refused (409).
        retry_seconds: pause before the first redelivery of a webhook, doubled each time.
        delivery_attempts: how often a webhook is tried in all.
    """

    settlement_seconds: int = 2 * 24 * 3600
    fee_basis_points: int = 0
    fee_fixed: int = 0
    latency_seconds: float = 0.0
    retry_seconds: float = 1.0
    delivery_attempts: int = 8


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request of one account (the platform, or the connected account of the `Stripe-Account` header)."""

    store: Store
    settings: Settings
    account: str
    path: Mapping[str, str]
    base_url: str
    request_id: str
    idempotency_key: str | None

    def now(self) -> int:
        """Seconds since the epoch."""
        return int(time.time())

    def add(self, kind: str, body: Json, *, account: str | None = None) -> Json:
        """Write a new object of the calling account, or of another `account`."""
        self.store.add(account or self.account, kind, body)
        return body

    def save(self, body: Json) -> Json:
        """Write a changed object."""
        self.store.save(body)
        return body

    def find(
        self, kind: str, identifier: str, *, what: str | None = None, param: str = "id", status: int = 404
    ) -> Json:
        """The caller's object with that id. Raises `Refusal` (resource_missing) when it has none."""
        found = self.store.find(identifier, account=self.account, kind=kind)
        if found is None:
            raise missing(what or kind, identifier, param=param, status=status)
        return found

    def emit(
        self, kind: str, body: Json, *, account: str | None = None, previous: Mapping[str, Any] | None = None
    ) -> None:
        """Record an event about `body`, and a delivery for each webhook endpoint that listens for it."""
        events.record(
            self.store,
            kind=kind,
            body=body,
            account=account or self.account,
            platform=PLATFORM,
            api_version=API_VERSION,
            now=self.now(),
            request={"id": self.request_id, "idempotency_key": self.idempotency_key},
            previous=previous,
        )
