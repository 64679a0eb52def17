"""Stripe fails (500), and answers the same key with the same fault for a day."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import stripe

from commerce.adapters.stripe.gateway import StripeGateway
from commerce.money import Money
from commerce.payments import PaymentUnavailable
from tests.stripe.double import API_KEY, Double
from tests.stripe.gateways import gateway_of

TOTAL = Money(5_000, "usd")
FAULT = json.dumps({"error": {"type": "api_error", "message": "Sorry"}}).encode()


class FaultyClient(stripe.RequestsClient):
    """The way to the double, on which a POST to `fails_at` is answered with a fault, and so is every repetition of its
    key; `takes_effect` says whether the double got to see it. `faults` is how many keys are met by it."""

    def __init__(self) -> None:
        super().__init__(timeout=20)
        self.fails_at = "nowhere"
        self.takes_effect = False
        self.faults = 1
        self.keys: list[str] = []

    def request(self, method: str, url: str, headers: Any, post_data: Any = None, **usage: Any) -> Any:
        key = {name.lower(): value for name, value in headers.items()}.get("idempotency-key", "")
        if key in self.keys:
            return (
                FAULT,
                500,
                {"idempotent-replayed": "true", "stripe-should-retry": "false", "request-id": "req_again"},
            )
        if method == "post" and url.endswith(self.fails_at) and len(self.keys) < self.faults:
            self.keys.append(key)
            if self.takes_effect:
                super().request(method, url, headers, post_data, **usage)
            return FAULT, 500, {"stripe-should-retry": "false", "request-id": "req_first"}
        return super().request(method, url, headers, post_data, **usage)


@pytest.fixture
def faulty() -> FaultyClient:
    return FaultyClient()


@pytest.fixture
def gateway(double: Double, faulty: FaultyClient) -> StripeGateway:
    client = stripe.StripeClient(API_KEY, base_addresses={"api": double.url}, http_client=faulty)
    return gateway_of(client)


async def eventually(step: Callable[[], Awaitable[Any]], *, faults: int) -> Any:
    """The step, repeated as the workflow repeats it: it must not fail more often than Stripe did."""
    for _ in range(faults):
        try:
            return await step()
        except PaymentUnavailable:
            continue
    return await step()


@pytest.mark.parametrize("faults", [1, 3])
@pytest.mark.parametrize("takes_effect", [False, True])
@pytest.mark.parametrize("kind", ["authorize", "capture", "cancel", "transfer", "reverse", "refund"])
async def test_a_fault_is_not_the_answer_for_a_day_and_nothing_happens_twice(
    *, double: Double, gateway: StripeGateway, faulty: FaultyClient, seller: str, order_id: str, kind: str,
    takes_effect: bool, faults: int,
) -> None:  # fmt: skip
    api = double.client().v1

    async def authorize() -> str:
        made = await gateway.authorize(order_id=order_id, amount=TOTAL, payment_method="pm_card_visa")
        return made.payment_intent_id

    async def transfer() -> str:
        return await gateway.transfer(
            order_id=order_id, seller_id="s", account_id=seller, amount=Money(700, "usd"), source_charge=charge
        )

    def fails_at(path: str) -> None:
        faulty.fails_at, faulty.takes_effect, faulty.faults = path, takes_effect, faults

    if kind == "authorize":
        fails_at("/v1/payment_intents")
        intent = await eventually(authorize, faults=faults)
        assert await authorize() == intent
        held = [one for one in api.charges.list({"transfer_group": order_id}).data if not one.refunded]
        assert [one.payment_intent for one in held] == [intent]
        return
    intent = await authorize()
    if kind in ("capture", "cancel"):
        fails_at(f"/{kind}")
        step = gateway.capture if kind == "capture" else gateway.cancel
        for _ in range(2):
            await eventually(lambda: step(order_id=order_id, payment_intent_id=intent), faults=faults)
        assert api.payment_intents.retrieve(intent).status == ("succeeded" if kind == "capture" else "canceled")
        return
    charge = (await gateway.capture(order_id=order_id, payment_intent_id=intent)).charge_id
    if kind == "transfer":
        fails_at("/v1/transfers")
        made = await eventually(transfer, faults=faults)
        assert await transfer() == made
        assert [one.id for one in api.transfers.list({"transfer_group": order_id}).data] == [made]
    elif kind == "reverse":
        made = await transfer()
        fails_at("/reversals")
        for _ in range(2):
            await eventually(
                lambda: gateway.reverse_transfer(transfer_id=made, amount=Money(300, "usd"), refund_id="r"),
                faults=faults,
            )
        assert api.transfers.retrieve(made).amount_reversed == 300
    else:
        fails_at("/v1/refunds")
        for _ in range(2):
            await eventually(
                lambda: gateway.refund(
                    order_id=order_id, payment_intent_id=intent, amount=Money(300, "usd"), refund_id="r"
                ),
                faults=faults,
            )
        assert api.charges.retrieve(charge).amount_refunded == 300


async def test_a_transfer_whose_key_is_forgotten_is_not_made_again(
    double: Double, gateway: StripeGateway, seller: str, order_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await gateway.authorize(order_id=order_id, amount=TOTAL, payment_method="pm_card_visa")
    charge = (await gateway.capture(order_id=order_id, payment_intent_id=made.payment_intent_id)).charge_id

    async def transfer(attempt: int = 1) -> str:
        return await gateway.transfer(
            order_id=order_id,
            seller_id="s",
            account_id=seller,
            amount=Money(700, "usd"),
            source_charge=charge,
            attempt=attempt,
        )

    first = await transfer()
    monkeypatch.setattr("commerce.adapters.stripe.gateway._once", lambda key: {"idempotency_key": f"later/{key}"})
    assert await transfer() == first
    assert await transfer(attempt=2) != first
    assert len(double.client().v1.transfers.list({"transfer_group": order_id}).data) == 2


async def test_a_refund_and_its_reversal_whose_keys_are_forgotten_are_not_made_again(
    double: Double, gateway: StripeGateway, seller: str, order_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await gateway.authorize(order_id=order_id, amount=TOTAL, payment_method="pm_card_visa")
    intent, part = made.payment_intent_id, Money(200, "usd")
    charge = (await gateway.capture(order_id=order_id, payment_intent_id=intent)).charge_id
    transfer = await gateway.transfer(
        order_id=order_id, seller_id="s", account_id=seller, amount=Money(700, "usd"), source_charge=charge
    )

    async def give_back() -> tuple[str, str]:
        return (
            await gateway.refund(order_id=order_id, payment_intent_id=intent, amount=part, refund_id="r"),
            await gateway.reverse_transfer(transfer_id=transfer, amount=part, refund_id="r"),
        )

    first = await give_back()
    monkeypatch.setattr("commerce.adapters.stripe.gateway._once", lambda key: {"idempotency_key": f"later/{key}"})
    assert await give_back() == first
    api = double.client().v1
    assert (api.charges.retrieve(charge).amount_refunded, api.transfers.retrieve(transfer).amount_reversed) == (
        200,
        200,
    )


async def test_a_processor_that_fails_again_and_again_is_unavailable(
    gateway: StripeGateway, faulty: FaultyClient, order_id: str
) -> None:
    faulty.fails_at, faulty.faults = "/v1/payment_intents", 1_000
    for number in range(12):
        with pytest.raises(PaymentUnavailable):
            await gateway.authorize(order_id=order_id, amount=TOTAL, payment_method="pm_card_visa")
        assert len(faulty.keys) == min(number + 1, 10)
