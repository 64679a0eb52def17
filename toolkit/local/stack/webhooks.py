"""The webhook endpoints at the Stripe double: what an operator registers at Stripe once the stack is deployed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

ENDPOINTS = {"webhook_secret": False, "connect_webhook_secret": True}
"""The member of the payment secret that each endpoint's signing secret goes to, and whether it listens to the events of
the sellers' accounts instead of the platform's own."""


def register(stripe_url: str, api_key: str, address: str, secret: Mapping[str, Any]) -> dict[str, str]:
    """Registers the endpoints at `address` unless they are there; the signing secrets that `secret` is to have.

    A signing secret is told once. An endpoint whose secret is not known any more, or that leads elsewhere, is replaced.
    """
    with httpx.Client(base_url=stripe_url, auth=(api_key, ""), trust_env=False, timeout=10) as client:
        listed = client.get("/v1/webhook_endpoints", params={"limit": 100}).raise_for_status().json()["data"]
        known = {one["metadata"]["secret_of"]: one for one in listed if one["metadata"].get("secret_of") in ENDPOINTS}
        return {
            member: str(secret[member])
            if secret.get(member) and known.get(member, {}).get("url") == address
            else _replace(client, known.get(member), member, address)
            for member in ENDPOINTS
        }


def _replace(client: httpx.Client, known: Mapping[str, Any] | None, member: str, address: str) -> str:
    if known is not None:
        client.delete(f"/v1/webhook_endpoints/{known['id']}").raise_for_status()
    form = {
        "url": address,
        "enabled_events[0]": "*",
        "connect": str(ENDPOINTS[member]).lower(),
        "metadata[secret_of]": member,
    }
    made = client.post("/v1/webhook_endpoints", data=form).raise_for_status().json()
    return str(made["secret"])
