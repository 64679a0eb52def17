"""Connected accounts: one per seller, with its capabilities and the information that Stripe still requires."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from toolkit.local.stripe.call import PLATFORM, Call
from toolkit.local.stripe.endpoint import Endpoint
from toolkit.local.stripe.identifiers import fresh
from toolkit.local.stripe.listing import page
from toolkit.local.stripe.parameters import Flag, Listing, Metadata, NoParameters, Parameters, Section, merge_metadata
from toolkit.local.stripe.refusal import Refusal
from toolkit.local.stripe.storage import Json

_CURRENCIES = {"US": "usd", "GB": "gbp", "CA": "cad", "AU": "aud", "JP": "jpy", "CH": "chf"}
ONBOARDING = (
    "business_profile.url",
    "business_type",
    "external_account",
    "representative.dob.day",
    "representative.dob.month",
    "representative.dob.year",
    "representative.first_name",
    "representative.last_name",
    "tos_acceptance.date",
    "tos_acceptance.ip",
)


Dashboards = Literal["express", "full", "none"]
_DASHBOARDS: dict[str, Dashboards] = {"custom": "none", "express": "express", "standard": "full"}


class Fees(Section):
    payer: Literal["account", "application"] = "account"


class Losses(Section):
    payments: Literal["application", "stripe"] = "stripe"


class Dashboard(Section):
    type: Dashboards = "full"


class Controller(Section):
    fees: Fees = Fees()
    losses: Losses = Losses()
    requirement_collection: Literal["application", "stripe"] = "stripe"
    stripe_dashboard: Dashboard = Dashboard()


class Capability(Section):
    requested: Flag


class BusinessProfile(Section):
    mcc: str | None = None
    name: str | None = None
    product_description: str | None = None
    support_email: str | None = None
    support_phone: str | None = None
    support_url: str | None = None
    url: str | None = None


class Details(Parameters):
    business_profile: BusinessProfile | None = None
    business_type: Literal["company", "government_entity", "individual", "non_profit"] | None = None
    capabilities: dict[Literal["card_payments", "transfers"], Capability] = Field(default_factory=dict)
    email: str | None = None
    metadata: Metadata = Field(default_factory=dict)


class CreateParameters(Details):
    sdk_name = "AccountCreateParams"

    type: Literal["custom", "express", "standard"] | None = None
    controller: Controller | None = None
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] = "US"
    default_currency: str | None = None


class UpdateParameters(Details):
    sdk_name = "AccountUpdateParams"


def create(call: Call, parameters: CreateParameters) -> Json:
    if parameters.type is not None and parameters.controller is not None:
        raise Refusal("You may not provide the `type` parameter and `controller` parameters simultaneously.")
    account = call.add("account", _account(call, parameters), account=PLATFORM)
    _set_capabilities(account, parameters)
    return call.save(account)


def retrieve(call: Call, parameters: NoParameters) -> Json:
    return connected(call, call.path["id"])


def retrieve_own(call: Call, parameters: NoParameters) -> Json:
    """The account that makes the request."""
    if call.account != PLATFORM:
        return connected(call, call.account)
    own = _account(call, CreateParameters(type="standard"))
    own.update(id=PLATFORM, charges_enabled=True, payouts_enabled=True, details_submitted=True)
    return own


def list_all(call: Call, parameters: Listing) -> Json:
    return page(call, "account", parameters, url="/v1/accounts", equals={})


def update(call: Call, parameters: UpdateParameters) -> Json:
    account = connected(call, call.path["id"])
    for field in parameters.model_fields_set & {"business_type", "email"}:
        account[field] = getattr(parameters, field)
    if parameters.business_profile is not None:
        account["business_profile"].update(parameters.business_profile.model_dump(exclude_unset=True))
    if "metadata" in parameters.model_fields_set:
        account["metadata"] = merge_metadata(account["metadata"], parameters.metadata)
    _set_capabilities(account, parameters)
    return changed(call, account)


def delete(call: Call, parameters: NoParameters) -> Json:
    account = connected(call, call.path["id"])
    call.store.remove(account["id"])
    return {"id": account["id"], "object": "account", "deleted": True}


def connected(call: Call, identifier: str) -> Json:
    """The platform's connected account of that id. Raises `Refusal` (account_invalid)."""
    account = call.store.find(identifier, account=PLATFORM, kind="account")
    if account is None:
        raise invalid(identifier)
    return account


def invalid(identifier: str) -> Refusal:
    """The platform has no access to that account."""
    return Refusal(
        f"The provided key does not have access to account '{identifier}' (or that account does not exist). "
        "Application access may have been revoked.",
        status=403,
        code="account_invalid",
        executed=False,
    )


def changed(call: Call, account: Json) -> Json:
    """Write a changed account and emit its event to the Connect webhook endpoints."""
    call.save(account)
    call.emit("account.updated", account, account=account["id"])
    return account


def _set_capabilities(account: Json, parameters: Details) -> None:
    status = "active" if account["details_submitted"] else "inactive"
    for name, wanted in parameters.capabilities.items():
        if wanted.requested:
            account["capabilities"].setdefault(name, status)
        else:
            account["capabilities"].pop(name, None)
    account["charges_enabled"] = account["capabilities"].get("card_payments") == "active"


def _account(call: Call, parameters: CreateParameters) -> Json:
    identifier = fresh("account")
    controller = parameters.controller or Controller(
        fees=Fees(payer="account" if parameters.type == "standard" else "application"),
        losses=Losses(payments="stripe" if parameters.type == "standard" else "application"),
        stripe_dashboard=Dashboard(type=_DASHBOARDS[parameters.type or "standard"]),
    )
    dashboard = controller.stripe_dashboard.type
    profile = parameters.business_profile or BusinessProfile()
    return {
        "id": identifier,
        "object": "account",
        "business_profile": profile.model_dump() | {"annual_revenue": None, "support_address": None},
        "business_type": parameters.business_type,
        "capabilities": {},
        "charges_enabled": False,
        "controller": {"is_controller": True, "type": "application", **controller.model_dump()},
        "country": parameters.country,
        "created": call.now(),
        "default_currency": parameters.default_currency or _CURRENCIES.get(parameters.country, "eur"),
        "details_submitted": False,
        "email": parameters.email,
        "external_accounts": {
            "object": "list",
            "data": [],
            "has_more": False,
            "total_count": 0,
            "url": f"/v1/accounts/{identifier}/external_accounts",
        },
        "future_requirements": requirements((), None),
        "metadata": parameters.metadata,
        "payouts_enabled": False,
        "requirements": requirements(ONBOARDING, "requirements.past_due"),
        "settings": {
            "dashboard": {"display_name": None, "timezone": "Etc/UTC"},
            "payouts": {
                "debit_negative_balances": True,
                "schedule": {"delay_days": 2, "interval": "daily"},
                "statement_descriptor": None,
            },
        },
        "tos_acceptance": {"date": None, "ip": None, "user_agent": None},
        "type": next(kind for kind, shown in _DASHBOARDS.items() if shown == dashboard),
    }


def requirements(due: tuple[str, ...], reason: str | None) -> Json:
    """The account's requirements, all of them due at once, and why it is restricted until they are met."""
    return {
        "alternatives": [],
        "current_deadline": None,
        "currently_due": list(due),
        "disabled_reason": reason,
        "errors": [],
        "eventually_due": list(due),
        "past_due": list(due),
        "pending_verification": [],
    }


ENDPOINTS = (
    Endpoint(method="GET", path="/v1/account", parameters=NoParameters, handle=retrieve_own),
    Endpoint(method="POST", path="/v1/accounts", parameters=CreateParameters, handle=create),
    Endpoint(method="GET", path="/v1/accounts", parameters=Listing, handle=list_all),
    Endpoint(method="GET", path="/v1/accounts/{id}", parameters=NoParameters, handle=retrieve),
    Endpoint(method="POST", path="/v1/accounts/{id}", parameters=UpdateParameters, handle=update),
    Endpoint(method="DELETE", path="/v1/accounts/{id}", parameters=NoParameters, handle=delete),
)
