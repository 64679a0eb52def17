"""The Stripe gateway keeps the payment contract on the double, and reports failures as the marketplace's errors."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

import httpx
import pytest
import stripe

from commerce.adapters.stripe.clients import MAXIMUM_NETWORK_RETRIES, TIMEOUT_SECONDS, RotatedClients
from commerce.adapters.stripe.failures import translated
from commerce.adapters.stripe.gateway import StripeGateway
from commerce.money import Money
from commerce.payments import AuthenticationRequired, PaymentRefused, PaymentUnavailable
from tests.stripe.double import API_KEY, Double, payment
from tests.stripe.gateways import gateway_with
from tests.stripe.payment_contract import TOTAL, PaymentGatewayContract
from tests.stripe.recording import every_request_of_the_gateway
from toolkit.local.processes.ports import free_port


class StripeProcessor:
    """The gateway over the double; the rest through the SDK."""

    def __init__(self, double: Double) -> None:
        self.double = double
        self.stripe = double.client().v1
        self.gateway = gateway_with(api_key=API_KEY, webhook_secret="", api_base=double.url)

    def onboard(self, account_id: str) -> None:
        self.double.post(f"/_double/accounts/{account_id}/onboard")

    def authenticate(self, payment_intent_id: str, *, passed: bool) -> None:
        outcome = "succeeded" if passed else "failed"
        self.double.post(f"/_double/authenticate/{payment_intent_id}?outcome={outcome}")

    def charges(self, order_id: str) -> list[stripe.Charge]:
        return [one for one in self.stripe.charges.list({"transfer_group": order_id}).data if one.paid]

    def held(self, order_id: str) -> int:
        return sum(one.amount for one in self.charges(order_id) if not one.captured and not one.refunded)

    def taken(self, order_id: str) -> int:
        return sum(one.amount_captured - one.amount_refunded for one in self.charges(order_id) if one.captured)

    def received(self, account_id: str) -> int:
        return sum(self.double.balance_of(account_id))


class TestStripeGateway(PaymentGatewayContract):
    @pytest.fixture
    def processor(self, double: Double) -> StripeProcessor:
        return StripeProcessor(double)


async def test_a_transfer_carries_its_order_as_transfer_group(double: Double, seller: str, order_id: str) -> None:
    processor = StripeProcessor(double)
    authorized = await processor.gateway.authorize(order_id=order_id, amount=TOTAL, payment_method="pm_card_visa")
    captured = await processor.gateway.capture(order_id=order_id, payment_intent_id=authorized.payment_intent_id)
    await processor.gateway.transfer(
        order_id=order_id,
        seller_id="seller-1",
        account_id=seller,
        amount=Money(100, "usd"),
        source_charge=captured.charge_id,
    )
    (transfer,) = processor.stripe.transfers.list({"transfer_group": order_id}).data
    assert (transfer.destination, transfer.source_transaction) == (seller, captured.charge_id)
    assert transfer.metadata.to_dict() == {"order_id": order_id, "seller_id": "seller-1"}


async def test_an_answer_that_comes_after_the_order_failed_holds_no_money(double: Double, order_id: str) -> None:
    processor = StripeProcessor(double)
    waiting = await processor.gateway.authorize(
        order_id=order_id, amount=TOTAL, payment_method="pm_card_threeDSecure2Required"
    )
    intent_id = waiting.payment_intent_id
    await processor.gateway.cancel(order_id=order_id, payment_intent_id=intent_id)
    with pytest.raises(httpx.HTTPStatusError, match="400"):
        double.post(f"/_double/authenticate/{intent_id}")
    assert processor.stripe.payment_intents.retrieve(intent_id).status == "canceled"
    assert processor.held(order_id) == 0


async def test_a_key_conflict_is_a_refusal_that_names_the_operation(double: Double, order_id: str) -> None:
    gateway = StripeProcessor(double).gateway
    await gateway.authorize(order_id=order_id, amount=TOTAL, payment_method="pm_card_visa")
    with pytest.raises(PaymentRefused, match="Keys for idempotent requests") as refused:
        await gateway.authorize(order_id=order_id, amount=Money(5_001, "usd"), payment_method="pm_card_visa")
    assert refused.value.context["order_id"] == order_id
    assert refused.value.context["operation"] == "authorization"
    assert str(refused.value.context["request_id"]).startswith("req_")


def test_a_decline_that_requires_authentication_is_reported_as_such(client: stripe.StripeClient, order_id: str) -> None:
    parameters = payment(order_id, "pm_card_authenticationRequired", off_session=True)
    with pytest.raises(AuthenticationRequired) as required, translated("authorization", order_id=order_id):
        client.v1.payment_intents.create(parameters)
    intent = client.v1.payment_intents.retrieve(required.value.payment_intent_id)
    assert (intent.status, intent.amount_capturable) == ("requires_payment_method", 0)


async def test_a_step_that_another_process_is_doing_is_waited_for(
    own_double: Callable[..., Double], order_id: str
) -> None:
    slow = own_double("--latency-seconds", "0.2")
    gateways = [StripeProcessor(slow).gateway for _ in range(2)]
    authorized = await asyncio.gather(
        *(one.authorize(order_id=order_id, amount=TOTAL, payment_method="pm_card_visa") for one in gateways)
    )
    assert authorized[0] == authorized[1]


async def test_a_wrong_key_says_nothing_of_the_request(double: Double, order_id: str) -> None:
    gateway = gateway_with(api_key="sk_test_wrong", api_base=double.url)
    with pytest.raises(PaymentUnavailable, match="Invalid API Key"):
        await gateway.authorize(order_id=order_id, amount=TOTAL, payment_method="pm_card_visa")


def test_a_key_without_the_permission_says_nothing_of_the_request() -> None:
    with pytest.raises(PaymentUnavailable), translated("transfer", order_id="o"):
        raise stripe.PermissionError("The provided key does not have the required permissions.", http_status=403)


def test_an_account_that_left_the_platform_is_a_refusal() -> None:
    with pytest.raises(PaymentRefused), translated("look at the seller's account", account_id="acct_1"):
        raise stripe.PermissionError(
            "The provided key does not have access to account 'acct_1'.", http_status=403, code="account_invalid"
        )


async def test_a_rotated_key_is_picked_up_without_a_new_process(double: Double, order_id: str) -> None:
    secret = {"api_key": API_KEY, "api_base": double.url}
    gateway = StripeGateway(RotatedClients(read=lambda: secret, forget=lambda: None))
    await gateway.authorize(order_id=order_id, amount=TOTAL, payment_method="pm_card_visa")
    secret = secret | {"api_key": "sk_test_wrong"}
    with pytest.raises(PaymentUnavailable, match="Invalid API Key"):
        await gateway.authorize(order_id=order_id, amount=TOTAL, payment_method="pm_card_visa")


async def test_a_key_that_was_revoked_is_read_anew_at_once(double: Double, order_id: str) -> None:
    cached = {"api_key": "sk_test_revoked", "api_base": double.url}
    reads = 0

    def read() -> dict[str, str]:
        nonlocal reads
        reads += 1
        return dict(cached)

    gateway = StripeGateway(RotatedClients(read=read, forget=lambda: cached.update(api_key=API_KEY)))
    authorized = await gateway.authorize(order_id=order_id, amount=TOTAL, payment_method="pm_card_visa")
    assert authorized.status == "requires_capture"
    assert reads == 2


def test_an_answer_that_never_comes_leaves_a_function_time_to_say_so() -> None:
    """A Lambda has thirty seconds; the SDK waits for the answer, once more, and a little between."""
    assert (1 + MAXIMUM_NETWORK_RETRIES) * TIMEOUT_SECONDS + 5 < 30


async def test_an_unreachable_processor_is_unavailable_and_may_be_asked_again(order_id: str) -> None:
    gateway = gateway_with(api_key=API_KEY, api_base=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(PaymentUnavailable, match="Repeat it as it is"):
        await gateway.capture(order_id=order_id, payment_intent_id="pi_any")


async def test_every_change_carries_a_key_made_of_business_ids(double: Double, order_id: str) -> None:
    requests = await every_request_of_the_gateway(double, order_id)
    keys = [
        {name.lower(): value for name, value in request.headers.items()}["idempotency-key"]
        for request in requests
        if request.method == "post"
    ]
    assert len(set(keys)) == len(keys)
    assert [re.sub(r"(pi|tr)_[A-Za-z0-9]+", "<id>", key).replace(order_id, "<order>") for key in keys] == [
        "order/<order>/authorize/1",
        "order/<order>/cancel/<id>",
        "order/<order>/authorize/2",
        "order/<order>/capture/<id>",
        "seller/<order>/account",
        "order/<order>/seller/a/transfer/1",
        "order/<order>/seller/b/transfer/1",
        "transfer/<id>/reverse/r",
        "order/<order>/refund/r",
        "order/<order>/authorize/3",
        "order/<order>/capture/<id>",
    ]
