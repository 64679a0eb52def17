"""Events, as the API lists them."""

from __future__ import annotations

from toolkit.local.stripe.call import Call
from toolkit.local.stripe.endpoint import Endpoint
from toolkit.local.stripe.listing import page
from toolkit.local.stripe.parameters import Listing, NoParameters
from toolkit.local.stripe.storage import Json


class ListParameters(Listing):
    sdk_name = "EventListParams"

    type: str | None = None


def retrieve(call: Call, parameters: NoParameters) -> Json:
    return call.find("event", call.path["id"])


def list_all(call: Call, parameters: ListParameters) -> Json:
    return page(call, "event", parameters, url="/v1/events", equals={"type": parameters.type})


ENDPOINTS = (
    Endpoint(method="GET", path="/v1/events", parameters=ListParameters, handle=list_all),
    Endpoint(method="GET", path="/v1/events/{id}", parameters=NoParameters, handle=retrieve),
)
