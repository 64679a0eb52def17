"""Account links: the page where a seller completes the onboarding. Each works once, for five minutes."""

from __future__ import annotations

from typing import Literal

from toolkit.local.stripe.call import PLATFORM, Call
from toolkit.local.stripe.endpoint import Endpoint
from toolkit.local.stripe.identifiers import fresh
from toolkit.local.stripe.parameters import Parameters, Section, Text
from toolkit.local.stripe.resources import accounts, capabilities
from toolkit.local.stripe.storage import Json

LIFETIME_SECONDS = 300


class CollectionOptions(Section):
    fields: Literal["currently_due", "eventually_due"]
    future_requirements: Literal["include", "omit"] = "omit"


class CreateParameters(Parameters):
    sdk_name = "AccountLinkCreateParams"

    account: Text
    type: Literal["account_onboarding", "account_update"]
    refresh_url: Text
    return_url: Text
    collect: Literal["currently_due", "eventually_due"] | None = None
    collection_options: CollectionOptions | None = None


def create(call: Call, parameters: CreateParameters) -> Json:
    accounts.connected(call, parameters.account)
    identifier = fresh("account_link")
    link: Json = {
        "object": "account_link",
        "created": call.now(),
        "expires_at": call.now() + LIFETIME_SECONDS,
        "url": f"{call.base_url}/_double/onboarding/{identifier}",
    }
    kept = {
        "_account": parameters.account,
        "_refresh_url": parameters.refresh_url,
        "_return_url": parameters.return_url,
    }
    call.add("account_link", {"id": identifier, **link, **kept})
    return link


def follow(call: Call, identifier: str) -> str:
    """Complete the onboarding. Returns the URL to go to next: the refresh URL when the link was used or has expired."""
    link = call.store.find(identifier, account=PLATFORM, kind="account_link")
    if link is None:
        raise accounts.invalid(identifier)
    refresh: str = link["_refresh_url"]
    if link.get("_used") or link["expires_at"] < call.now():
        return refresh
    call.save(link | {"_used": True})
    capabilities.onboard(call, accounts.connected(call, link["_account"]))
    back: str = link["_return_url"]
    return back


ENDPOINTS = (Endpoint(method="POST", path="/v1/account_links", parameters=CreateParameters, handle=create),)
