"""Stripe's own OpenAPI as the judge: stripe-mock validates every request of the gateway, and the double's objects."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import stripe

from tests.stripe.double import Double, payment
from tests.stripe.recording import Sent, every_request_of_the_gateway
from toolkit.local.processes.ports import free_port

pytestmark = pytest.mark.skipif(shutil.which("stripe-mock") is None, reason="stripe-mock is not on PATH")

# In Stripe's fixtures, and absent from the double on purpose: shown only when expanded; a feature of other accounts.
NOT_SHOWN = {"charge": {"refunds"}, "payment_intent": {"managed_payments"}}
# In Stripe's answers, and absent from its fixtures: the secret in the answer to the creation.
NOT_IN_FIXTURES = {"webhook_endpoint": {"secret"}}


@pytest.fixture(scope="module")
def stripe_mock() -> Iterator[str]:
    port = free_port()
    # The TLS listener cannot be left out when only the plain one is given, so it is put on loopback too.
    command = ["stripe-mock", "-http-addr", f"127.0.0.1:{port}", "-https-addr", "127.0.0.1:0"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url, deadline = f"http://127.0.0.1:{port}", time.monotonic() + 20
    try:
        while True:
            try:
                httpx.get(url)
                break
            except httpx.TransportError:
                assert process.poll() is None, "stripe-mock ended"
                assert time.monotonic() < deadline, "stripe-mock did not start"
                time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def put(url: str, request: Sent, body: str) -> httpx.Response:
    headers = {name: value for name, value in request.headers.items() if name.lower() not in ("content-length", "host")}
    return httpx.request(request.method, f"{url}{request.path}", content=body, headers=headers)


async def test_stripes_openapi_accepts_every_request_of_the_gateway(
    double: Double, stripe_mock: str, order_id: str
) -> None:
    requests = await every_request_of_the_gateway(double, order_id)
    assert {request.endpoint for request in requests} == {
        "POST /v1/payment_intents",
        "POST /v1/payment_intents/{id}/capture",
        "POST /v1/payment_intents/{id}/cancel",
        "GET /v1/payment_intents/{id}",
        "POST /v1/accounts",
        "GET /v1/transfers",
        "POST /v1/transfers",
        "GET /v1/transfers/{id}/reversals",
        "POST /v1/transfers/{id}/reversals",
        "GET /v1/refunds",
        "POST /v1/refunds",
    }
    for request in requests:
        answer = put(stripe_mock, request, request.body)
        assert answer.status_code == 200, (request.endpoint, request.body, answer.text)
        if request.method == "post":
            changed = put(stripe_mock, request, f"{request.body}&not_a_parameter=1")
            assert changed.status_code == 400, "stripe-mock accepts anything, so its consent means nothing"


def test_the_objects_of_the_double_have_the_fields_of_stripes_own(
    double: Double, stripe_mock: str, seller: str, order_id: str
) -> None:
    ours = double.client().v1
    theirs = stripe.StripeClient("sk_test_any", base_addresses={"api": stripe_mock}).v1
    intent = ours.payment_intents.create(payment(order_id))
    charge_id = str(ours.payment_intents.capture(intent.id).latest_charge)
    charge = ours.charges.retrieve(charge_id)
    transfer = ours.transfers.create(
        {"amount": 100, "currency": "usd", "destination": seller, "source_transaction": charge_id}
    )
    refund = ours.refunds.create({"payment_intent": intent.id, "amount": 1})
    dispute = double.post(f"/_double/charges/{charge_id}/dispute")
    link: Any = {
        "account": seller,
        "type": "account_onboarding",
        "refresh_url": "http://127.0.0.1/",
        "return_url": "http://127.0.0.1/",
    }
    endpoint: Any = {"url": "http://127.0.0.1/x", "enabled_events": ["payout.failed"]}
    pairs: list[tuple[Any, Any]] = [
        (intent, theirs.payment_intents.retrieve("pi_1")),
        (charge, theirs.charges.retrieve("ch_1")),
        (transfer, theirs.transfers.retrieve("tr_1")),
        (ours.transfers.reversals.create(transfer.id), theirs.transfers.reversals.retrieve("tr_1", "trr_1")),
        (refund, theirs.refunds.retrieve("re_1")),
        (ours.disputes.retrieve(dispute["id"]), theirs.disputes.retrieve("du_1")),
        (ours.accounts.retrieve(seller), theirs.accounts.retrieve("acct_1")),
        (ours.accounts.capabilities.retrieve(seller, "transfers"), theirs.accounts.capabilities.retrieve("a_1", "t")),
        (ours.payment_methods.retrieve("pm_card_visa"), theirs.payment_methods.retrieve("pm_1")),
        (ours.webhook_endpoints.create(endpoint), theirs.webhook_endpoints.create(endpoint)),
        (ours.account_links.create(link), theirs.account_links.create(link)),
        (ours.events.list().data[0], theirs.events.retrieve("evt_1")),
        (ours.balance.retrieve(), theirs.balance.retrieve()),
        (ours.balance_transactions.list().data[0], theirs.balance_transactions.retrieve("txn_1")),
    ]
    for ours_one, theirs_one in pairs:
        kind = ours_one.to_dict()["object"]
        have, want = set(ours_one.to_dict()), set(theirs_one.to_dict())
        assert want - have == NOT_SHOWN.get(kind, set()), kind
        assert have - want == NOT_IN_FIXTURES.get(kind, set()), kind
