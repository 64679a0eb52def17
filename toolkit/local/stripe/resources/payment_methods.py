"""Payment methods: cards only, given as a test card's name, token or number."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from toolkit.local.stripe import cards
from toolkit.local.stripe.call import Call
from toolkit.local.stripe.endpoint import Endpoint
from toolkit.local.stripe.identifiers import fresh
from toolkit.local.stripe.parameters import Metadata, NoParameters, Parameters, Section, Text
from toolkit.local.stripe.refusal import Refusal, missing
from toolkit.local.stripe.storage import Json

Display = Literal["always", "limited", "unspecified"]


class CardData(Section):
    number: Text | None = None
    exp_month: int | None = None
    exp_year: int | None = None
    cvc: str | None = None
    token: Text | None = None


class Address(Section):
    city: str | None = None
    country: str | None = None
    line1: str | None = None
    line2: str | None = None
    postal_code: str | None = None
    state: str | None = None


class BillingDetails(Section):
    address: Address = Address()
    email: str | None = None
    name: str | None = None
    phone: str | None = None
    tax_id: str | None = None


class PaymentMethodData(Section):
    type: Literal["card"]
    card: CardData | None = None
    billing_details: BillingDetails = BillingDetails()
    allow_redisplay: Display = "unspecified"
    metadata: Metadata = Field(default_factory=dict)


class CreateParameters(Parameters, PaymentMethodData):
    sdk_name = "PaymentMethodCreateParams"


def create(call: Call, parameters: CreateParameters) -> Json:
    return create_from(call, parameters, param="")


def create_from(call: Call, data: PaymentMethodData, *, param: str) -> Json:
    """A new payment method of the card that `data` describes; `param` is where errors say the card was."""
    card = data.card
    path = f"{param}[card]" if param else "card"
    if card is None:
        raise Refusal(f"Missing required param: {path}.", code="parameter_missing", param=path, executed=False)
    if card.token is not None:
        token = cards.named(card.token)
        if token is None:
            raise missing("token", card.token, param=f"{path}[token]", status=400)
        return _add(call, token, data)
    if card.number is None:
        raise Refusal(
            f"Missing required param: {path}[number].",
            code="parameter_missing",
            param=f"{path}[number]",
            executed=False,
        )
    known = cards.BY_NUMBER.get(card.number.replace(" ", "").replace("-", ""))
    if known is None:
        raise Refusal(
            "Your card number is incorrect.", status=402, kind="card_error", code="incorrect_number", param="number"
        )
    return _add(call, known, data)


def resolve(call: Call, identifier: str) -> Json:
    """The payment method of that id; a test card's name makes a new one each time, as at Stripe."""
    if identifier.startswith("pm_card_"):
        card = cards.named(identifier)
        if card is not None:
            return _add(call, card, PaymentMethodData(type="card"))
    found = call.find("payment_method", identifier, what="PaymentMethod", param="payment_method", status=400)
    if found["_used"]:
        raise Refusal(
            "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment. It may "
            "not be used again. To use a PaymentMethod multiple times, you must attach it to a Customer first.",
            param="payment_method",
        )
    return found


def card_of(payment_method: Json) -> cards.Card:
    """The test card behind a payment method."""
    return cards.BY_NUMBER[payment_method["_number"]]


def retrieve(call: Call, parameters: NoParameters) -> Json:
    identifier = call.path["id"]
    if cards.named(identifier) is not None:
        return resolve(call, identifier)
    return call.find("payment_method", identifier, what="PaymentMethod", param="payment_method")


def _add(call: Call, card: cards.Card, data: PaymentMethodData) -> Json:
    given = data.card or CardData()
    last4 = card.number[-4:]
    return call.add(
        "payment_method",
        {
            "id": fresh("payment_method"),
            "object": "payment_method",
            "allow_redisplay": data.allow_redisplay,
            "billing_details": data.billing_details.model_dump(),
            "card": {
                "brand": card.brand,
                "checks": {
                    "address_line1_check": None,
                    "address_postal_code_check": None,
                    "cvc_check": "unchecked" if given.cvc is None else "pass",
                },
                "country": "US",
                "display_brand": card.brand,
                "exp_month": given.exp_month or 12,
                "exp_year": given.exp_year or 2034,
                "fingerprint": f"double{card.number[-10:]}",
                "funding": card.funding,
                "generated_from": None,
                "last4": last4,
                "networks": {"available": [card.brand], "preferred": None},
                "regulated_status": "unregulated",
                "three_d_secure_usage": {"supported": True},
                "wallet": None,
            },
            "created": call.now(),
            "customer": None,
            "customer_account": None,
            "livemode": False,
            "metadata": data.metadata,
            "type": "card",
            "_number": card.number,
            "_used": False,
        },
    )


ENDPOINTS = (
    Endpoint(method="POST", path="/v1/payment_methods", parameters=CreateParameters, handle=create),
    Endpoint(method="GET", path="/v1/payment_methods/{id}", parameters=NoParameters, handle=retrieve),
)
