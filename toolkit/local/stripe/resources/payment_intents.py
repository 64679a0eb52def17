"""Payment intents: their parameters and endpoints. What a payment does is in `payments.py`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from toolkit.local.stripe import currencies
from toolkit.local.stripe.call import Call
from toolkit.local.stripe.endpoint import Endpoint
from toolkit.local.stripe.identifiers import fresh, random_text
from toolkit.local.stripe.listing import page
from toolkit.local.stripe.parameters import (
    Amount,
    Array,
    Currency,
    Flag,
    Listing,
    Metadata,
    NoParameters,
    Parameters,
    Section,
    Text,
    merge_metadata,
)
from toolkit.local.stripe.refusal import Refusal
from toolkit.local.stripe.resources import payment_methods, payments
from toolkit.local.stripe.storage import Json

Reason = Literal["abandoned", "duplicate", "fraudulent", "requested_by_customer"]
Card = Array[Literal["card"]]


class AutomaticPaymentMethods(Section):
    enabled: Flag
    allow_redirects: Literal["always", "never"] = "always"


class CreateParameters(payments.ConfirmationParameters):
    sdk_name = "PaymentIntentCreateParams"

    amount: Amount
    currency: Currency
    confirm: Flag = False
    confirmation_method: Literal["automatic", "manual"] = "automatic"
    automatic_payment_methods: AutomaticPaymentMethods | None = None
    payment_method_types: Card | None = None
    allowed_payment_method_types: Card | None = None
    description: str | None = None
    metadata: Metadata = Field(default_factory=dict)
    setup_future_usage: Literal["off_session", "on_session"] | None = None
    statement_descriptor: Annotated[str, Field(max_length=22)] | None = None
    statement_descriptor_suffix: Annotated[str, Field(max_length=22)] | None = None
    transfer_group: Text | None = None


class UpdateParameters(Parameters):
    sdk_name = "PaymentIntentUpdateParams"

    amount: Amount | None = None
    description: str | None = None
    metadata: Metadata | None = None
    payment_method: Text | None = None
    receipt_email: str | None = None
    transfer_group: Text | None = None


class ConfirmParameters(payments.ConfirmationParameters):
    sdk_name = "PaymentIntentConfirmParams"


class CaptureParameters(Parameters):
    sdk_name = "PaymentIntentCaptureParams"

    amount_to_capture: Amount | None = None
    metadata: Metadata | None = None
    statement_descriptor: str | None = None
    statement_descriptor_suffix: str | None = None


class CancelParameters(Parameters):
    sdk_name = "PaymentIntentCancelParams"

    cancellation_reason: Reason | None = None


def create(call: Call, parameters: CreateParameters) -> Json:
    currency = parameters.currency.lower()
    currencies.check_currency(currency)
    currencies.check_charge(parameters.amount, currency)
    if parameters.automatic_payment_methods and parameters.payment_method_types:
        raise Refusal(
            "You may only specify one of these parameters: automatic_payment_methods, payment_method_types.",
            param="automatic_payment_methods",
        )
    if not parameters.confirm:
        for field in ("error_on_requires_action", "off_session", "return_url"):
            if field in parameters.model_fields_set:
                raise Refusal(f"You can only set `{field}` when also setting `confirm` to `true`.", param=field)
    intent = call.add("payment_intent", _intent(call, parameters, currency))
    payment_method = payments.choose(call, parameters)
    if payment_method is not None:
        intent.update(payment_method=payment_method["id"], status="requires_confirmation")
    call.save(intent)
    call.emit("payment_intent.created", intent)
    if parameters.confirm:
        return payments.confirm(call, intent, parameters)
    return intent


def retrieve(call: Call, parameters: NoParameters) -> Json:
    return call.find("payment_intent", call.path["id"], param="intent")


def list_all(call: Call, parameters: Listing) -> Json:
    return page(call, "payment_intent", parameters, url="/v1/payment_intents", equals={})


def update(call: Call, parameters: UpdateParameters) -> Json:
    intent = call.find("payment_intent", call.path["id"], param="intent")
    if intent["status"] in ("succeeded", "canceled") and (parameters.amount or parameters.payment_method):
        raise payments.unexpected_state(
            intent, f"This PaymentIntent could not be updated because it has a status of {intent['status']}."
        )
    for field in parameters.model_fields_set & {"amount", "description", "receipt_email", "transfer_group"}:
        intent[field] = getattr(parameters, field)
    if parameters.amount is not None:
        currencies.check_charge(parameters.amount, intent["currency"])
    if parameters.metadata is not None:
        intent["metadata"] = merge_metadata(intent["metadata"], parameters.metadata)
    if parameters.payment_method is not None:
        chosen = payment_methods.resolve(call, parameters.payment_method)
        intent.update(payment_method=chosen["id"], status="requires_confirmation")
    return call.save(intent)


def confirm(call: Call, parameters: ConfirmParameters) -> Json:
    intent = call.find("payment_intent", call.path["id"], param="intent")
    return payments.confirm(call, intent, parameters, payment_method=payments.choose(call, parameters))


def capture(call: Call, parameters: CaptureParameters) -> Json:
    intent = call.find("payment_intent", call.path["id"], param="intent")
    if parameters.metadata is not None:
        intent["metadata"] = merge_metadata(intent["metadata"], parameters.metadata)
    if parameters.amount_to_capture is not None:
        currencies.check_step(parameters.amount_to_capture, intent["currency"], "amount_to_capture")
    return payments.capture(call, intent, parameters.amount_to_capture)


def cancel(call: Call, parameters: CancelParameters) -> Json:
    intent = call.find("payment_intent", call.path["id"], param="intent")
    return payments.cancel(call, intent, parameters.cancellation_reason)


def _intent(call: Call, parameters: CreateParameters, currency: str) -> Json:
    identifier = fresh("payment_intent")
    types = parameters.payment_method_types or parameters.allowed_payment_method_types
    automatic = parameters.automatic_payment_methods
    if automatic is None and types is None:
        automatic = AutomaticPaymentMethods(enabled=True)
    return {
        "id": identifier,
        "object": "payment_intent",
        "allowed_payment_method_types": parameters.allowed_payment_method_types,
        "amount": parameters.amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": automatic.model_dump() if automatic is not None else None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": parameters.capture_method or "automatic_async",
        "client_secret": f"{identifier}_secret_{random_text(25)}",
        "confirmation_method": parameters.confirmation_method,
        "created": call.now(),
        "currency": currency,
        "customer": None,
        "customer_account": None,
        "description": parameters.description,
        "excluded_payment_method_types": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": parameters.metadata,
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": types or ["card"],
        "processing": None,
        "receipt_email": parameters.receipt_email,
        "review": None,
        "setup_future_usage": parameters.setup_future_usage,
        "shipping": parameters.shipping.model_dump() if parameters.shipping else None,
        "statement_descriptor": parameters.statement_descriptor,
        "statement_descriptor_suffix": parameters.statement_descriptor_suffix,
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": parameters.transfer_group,
    }


ENDPOINTS = (
    Endpoint(method="POST", path="/v1/payment_intents", parameters=CreateParameters, handle=create),
    Endpoint(method="GET", path="/v1/payment_intents", parameters=Listing, handle=list_all),
    Endpoint(method="GET", path="/v1/payment_intents/{id}", parameters=NoParameters, handle=retrieve),
    Endpoint(method="POST", path="/v1/payment_intents/{id}", parameters=UpdateParameters, handle=update),
    Endpoint(method="POST", path="/v1/payment_intents/{id}/confirm", parameters=ConfirmParameters, handle=confirm),
    Endpoint(method="POST", path="/v1/payment_intents/{id}/capture", parameters=CaptureParameters, handle=capture),
    Endpoint(method="POST", path="/v1/payment_intents/{id}/cancel", parameters=CancelParameters, handle=cancel),
)
