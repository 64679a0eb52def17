"""Capabilities of connected accounts, and the onboarding that makes them active."""

from __future__ import annotations

from toolkit.local.stripe.call import Call
from toolkit.local.stripe.endpoint import Endpoint
from toolkit.local.stripe.parameters import NoParameters
from toolkit.local.stripe.refusal import missing
from toolkit.local.stripe.resources.accounts import changed, connected, requirements
from toolkit.local.stripe.storage import Json


def retrieve(call: Call, parameters: NoParameters) -> Json:
    account = connected(call, call.path["id"])
    name = call.path["capability"]
    if name not in account["capabilities"]:
        raise missing("capability", name, param="capability")
    return _capability(account, name)


def list_all(call: Call, parameters: NoParameters) -> Json:
    account = connected(call, call.path["id"])
    data = [_capability(account, name) for name in account["capabilities"]]
    return {"object": "list", "data": data, "has_more": False, "url": f"/v1/accounts/{account['id']}/capabilities"}


def onboard(call: Call, account: Json) -> Json:
    """What the hosted onboarding does once the seller has completed it."""
    account.update(details_submitted=True, payouts_enabled=True)
    account["business_type"] = account["business_type"] or "individual"
    account["tos_acceptance"] = {"date": call.now(), "ip": "127.0.0.1", "user_agent": None}
    account["requirements"] = requirements((), None)
    account["capabilities"] = dict.fromkeys(account["capabilities"], "active")
    account["charges_enabled"] = "card_payments" in account["capabilities"]
    for name in account["capabilities"]:
        call.emit("capability.updated", _capability(account, name), account=account["id"])
    return changed(call, account)


def _capability(account: Json, name: str) -> Json:
    status = account["capabilities"][name]
    return {
        "id": name,
        "object": "capability",
        "account": account["id"],
        "future_requirements": account["future_requirements"],
        "requested": True,
        "requested_at": account["created"],
        "requirements": account["requirements"],
        "status": status,
    }


ENDPOINTS = (
    Endpoint(method="GET", path="/v1/accounts/{id}/capabilities", parameters=NoParameters, handle=list_all),
    Endpoint(
        method="GET",
        path="/v1/accounts/{id}/capabilities/{capability}",
        parameters=NoParameters,
        handle=retrieve,
    ),
)
