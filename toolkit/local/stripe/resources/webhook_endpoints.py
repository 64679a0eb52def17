"""Webhook endpoints: where events are delivered, and the secret that signs them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from toolkit.local.stripe.call import Call
from toolkit.local.stripe.endpoint import Endpoint
from toolkit.local.stripe.identifiers import fresh, random_text
from toolkit.local.stripe.listing import page
from toolkit.local.stripe.parameters import Array, Flag, Listing, Metadata, NoParameters, Parameters, merge_metadata
from toolkit.local.stripe.storage import Json

Url = Annotated[str, Field(pattern=r"^https?://[^\s]+$")]


class CreateParameters(Parameters):
    sdk_name = "WebhookEndpointCreateParams"

    url: Url
    enabled_events: Annotated[Array[str], Field(min_length=1)]
    api_version: str | None = None
    connect: Flag = False
    description: str | None = None
    metadata: Metadata = Field(default_factory=dict)


class UpdateParameters(Parameters):
    sdk_name = "WebhookEndpointUpdateParams"

    url: Url | None = None
    enabled_events: Annotated[Array[str], Field(min_length=1)] | None = None
    disabled: Flag | None = None
    description: str | None = None
    metadata: Metadata | None = None


def create(call: Call, parameters: CreateParameters) -> Json:
    """Register an endpoint. The secret is in this answer and in no later one."""
    secret = f"whsec_{random_text(32)}"
    endpoint = call.add(
        "webhook_endpoint",
        {
            "id": fresh("webhook_endpoint"),
            "object": "webhook_endpoint",
            "api_version": parameters.api_version,
            "application": None,
            "created": call.now(),
            "description": parameters.description,
            "enabled_events": parameters.enabled_events,
            "livemode": False,
            "metadata": parameters.metadata,
            "status": "enabled",
            "url": parameters.url,
            "_connect": parameters.connect,
            "_secret": secret,
        },
    )
    return endpoint | {"secret": secret}


def retrieve(call: Call, parameters: NoParameters) -> Json:
    return call.find("webhook_endpoint", call.path["id"])


def list_all(call: Call, parameters: Listing) -> Json:
    return page(call, "webhook_endpoint", parameters, url="/v1/webhook_endpoints", equals={})


def update(call: Call, parameters: UpdateParameters) -> Json:
    endpoint = call.find("webhook_endpoint", call.path["id"])
    for field in parameters.model_fields_set & {"url", "enabled_events", "description"}:
        endpoint[field] = getattr(parameters, field)
    if parameters.disabled is not None:
        endpoint["status"] = "disabled" if parameters.disabled else "enabled"
    if parameters.metadata is not None:
        endpoint["metadata"] = merge_metadata(endpoint["metadata"], parameters.metadata)
    return call.save(endpoint)


def delete(call: Call, parameters: NoParameters) -> Json:
    endpoint = call.find("webhook_endpoint", call.path["id"])
    call.store.remove(endpoint["id"])
    return {"id": endpoint["id"], "object": "webhook_endpoint", "deleted": True}


ENDPOINTS = (
    Endpoint(method="POST", path="/v1/webhook_endpoints", parameters=CreateParameters, handle=create),
    Endpoint(method="GET", path="/v1/webhook_endpoints", parameters=Listing, handle=list_all),
    Endpoint(method="GET", path="/v1/webhook_endpoints/{id}", parameters=NoParameters, handle=retrieve),
    Endpoint(method="POST", path="/v1/webhook_endpoints/{id}", parameters=UpdateParameters, handle=update),
    Endpoint(method="DELETE", path="/v1/webhook_endpoints/{id}", parameters=NoParameters, handle=delete),
)
