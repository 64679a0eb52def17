"""Events: a snapshot of an object when it changed, to be delivered to every webhook endpoint that listens for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toolkit.local.stripe.identifiers import fresh
from toolkit.local.stripe.storage import Json, Store


def record(
    store: Store,
    *,
    kind: str,
    body: Json,
    account: str,
    platform: str,
    api_version: str,
    now: int,
    request: Json,
    previous: Mapping[str, Any] | None,
) -> None:
    """Write the event and a delivery for each endpoint, in the transaction of the change itself.

    Events of a connected account go to endpoints made with `connect=true` and carry the account's id.
    """
    connected = account != platform
    listeners = [
        endpoint
        for endpoint in endpoints(store, platform)
        if endpoint["status"] == "enabled"
        and endpoint["_connect"] is connected
        and ("*" in endpoint["enabled_events"] or kind in endpoint["enabled_events"])
    ]
    data: Json = {"object": public(body)}
    if previous is not None:
        data["previous_attributes"] = dict(previous)
    event: Json = {
        "id": fresh("event"),
        "object": "event",
        "api_version": api_version,
        "created": now,
        "data": data,
        "livemode": False,
        "pending_webhooks": len(listeners),
        "request": request,
        "type": kind,
    }
    if connected:
        event["account"] = account
    store.add(account, "event", event)
    for endpoint in listeners:
        store.connection.execute(
            "INSERT INTO deliveries (event, endpoint, due) VALUES (?, ?, ?)", (event["id"], endpoint["id"], now)
        )


def endpoints(store: Store, platform: str) -> list[Json]:
    """Every registered webhook endpoint."""
    return store.page(
        account=platform, kind="webhook_endpoint", equals={}, created={}, below=None, above=None, limit=100
    )


def public(value: Any) -> Any:
    """The value as Stripe shows it: without the double's own fields, whose names begin with an underscore."""
    if isinstance(value, dict):
        return {key: public(inner) for key, inner in value.items() if not key.startswith("_")}
    if isinstance(value, list):
        return [public(inner) for inner in value]
    return value
