"""Records every request that the gateway sends."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import stripe

from commerce.money import Money
from tests.stripe.double import API_KEY, Double
from tests.stripe.gateways import gateway_of


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A request as the SDK sent it."""

    method: str
    path: str
    body: str
    headers: Mapping[str, str]

    @property
    def endpoint(self) -> str:
        return f"{self.method.upper()} {re.sub(r'/(pi|tr)_[A-Za-z0-9]+', '/{id}', self.path.partition('?')[0])}"


class RecordingClient(stripe.RequestsClient):
    """The SDK's HTTP client, which keeps what it sends."""

    def __init__(self) -> None:
        super().__init__(timeout=20)
        self.sent: list[Sent] = []

    def request(self, method: str, url: str, headers: Any, post_data: Any = None, **usage: Any) -> Any:
        path = url.split("/", 3)[3]
        self.sent.append(Sent(method=method, path=f"/{path}", body=post_data or "", headers=dict(headers)))
        return super().request(method, url, headers, post_data, **usage)


async def every_request_of_the_gateway(double: Double, order_id: str) -> list[Sent]:
    """All that the gateway can ask, in one life of an order, as sent to the double."""
    recording = RecordingClient()
    client = stripe.StripeClient(API_KEY, base_addresses={"api": double.url}, http_client=recording)
    gateway = gateway_of(client)
    total = Money(5_000, "usd")
    waits = await gateway.authorize(order_id=order_id, amount=total, payment_method="pm_card_threeDSecure2Required")
    await gateway.authorization(order_id=order_id, payment_intent_id=waits.payment_intent_id)
    await gateway.cancel(order_id=order_id, payment_intent_id=waits.payment_intent_id)
    authorized = await gateway.authorize(order_id=order_id, amount=total, payment_method="pm_card_visa", attempt=2)
    intent = authorized.payment_intent_id
    captured = await gateway.capture(order_id=order_id, payment_intent_id=intent)
    account = await gateway.create_account(seller_id=order_id, country="US", email="seller@example.com")
    double.post(f"/_double/accounts/{account}/onboard")
    double.post("/_double/settle")
    transfers = [
        await gateway.transfer(
            order_id=order_id, seller_id=seller, account_id=account, amount=Money(1_000, "usd"), source_charge=source
        )
        for seller, source in (("a", captured.charge_id), ("b", None))
    ]
    await gateway.reverse_transfer(transfer_id=transfers[0], amount=Money(400, "usd"), refund_id="r")
    await gateway.refund(order_id=order_id, payment_intent_id=intent, amount=Money(400, "usd"), refund_id="r")
    # The answer to a capture that another request made: the gateway looks at the payment.
    second = await gateway.authorize(order_id=order_id, amount=total, payment_method="pm_card_visa", attempt=3)
    double.client().v1.payment_intents.capture(second.payment_intent_id)
    await gateway.capture(order_id=order_id, payment_intent_id=second.payment_intent_id)
    return recording.sent
