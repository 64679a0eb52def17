"""Webhooks of the double: signed, retried, in time; and what the marketplace makes of a forged one."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import stripe

from commerce.adapters.stripe.gateway import StripeGateway
from commerce.payments import ForgedWebhook
from tests.stripe.double import API_KEY, Double, payment
from tests.stripe.gateways import gateway_with
from tests.stripe.receiver import receiving
from toolkit.local.processes.ports import free_port
from toolkit.local.stripe.delivery import sign

SECRET = "whsec_of_the_tests"


def register(client: stripe.StripeClient, url: str, *events: str, connect: bool = False) -> stripe.WebhookEndpoint:
    return client.v1.webhook_endpoints.create({"url": url, "enabled_events": list(events), "connect": connect})


def gateway() -> StripeGateway:
    return gateway_with(api_key=API_KEY, webhook_secret=SECRET)


def test_an_event_arrives_signed_with_the_secret_of_its_endpoint(client: stripe.StripeClient, order_id: str) -> None:
    with receiving() as receiver:
        endpoint = register(client, receiver.url, "payment_intent.amount_capturable_updated")
        intent = client.v1.payment_intents.create(payment(order_id), {"idempotency_key": order_id})
        (delivery,) = receiver.wait_for(1)
        client.v1.webhook_endpoints.delete(endpoint.id)
    assert endpoint.secret is not None
    event = stripe.Webhook.construct_event(delivery.payload, delivery.signature, endpoint.secret)
    assert event.type == "payment_intent.amount_capturable_updated"
    assert event.request is not None
    assert event.request.idempotency_key == order_id
    ours = gateway().verify_webhook(delivery.payload, delivery.signature, endpoint.secret)
    assert (ours.event_id, ours.type, ours.created) == (event.id, event.type, event.created)
    assert (ours.data["id"], ours.data["status"]) == (intent.id, "requires_capture")
    deadline = time.monotonic() + 5
    while client.v1.events.retrieve(event.id).pending_webhooks > 0:
        assert time.monotonic() < deadline, "the delivery was not noted"


def test_the_secret_is_shown_once(client: stripe.StripeClient) -> None:
    endpoint = register(client, "http://127.0.0.1:9/never", "payout.paid")
    assert str(endpoint.secret).startswith("whsec_")
    assert "secret" not in client.v1.webhook_endpoints.retrieve(endpoint.id).to_dict()
    client.v1.webhook_endpoints.delete(endpoint.id)


def test_a_receiver_that_fails_is_tried_again_with_the_same_event(client: stripe.StripeClient, order_id: str) -> None:
    with receiving(500, 503) as receiver:
        endpoint = register(client, receiver.url, "payment_intent.created")
        client.v1.payment_intents.create(payment(order_id))
        deliveries = receiver.wait_for(3)
        client.v1.webhook_endpoints.delete(endpoint.id)
    assert len({json.loads(one.payload)["id"] for one in deliveries}) == 1


def test_a_receiver_that_never_answers_is_given_up(double: Double, client: stripe.StripeClient, order_id: str) -> None:
    endpoint = register(client, f"http://127.0.0.1:{free_port()}/nobody", "payment_intent.created")
    client.v1.payment_intents.create(payment(order_id))
    deadline = time.monotonic() + 10
    while True:
        (owed,) = [one for one in double.get("/_double/deliveries")["deliveries"] if one["endpoint"] == endpoint.id]
        if owed["state"] == "failed":
            break
        assert time.monotonic() < deadline, owed
        time.sleep(0.02)
    assert owed["attempts"] == 4
    client.v1.webhook_endpoints.delete(endpoint.id)


def test_an_address_that_cannot_be_called_does_not_stop_the_others(client: stripe.StripeClient, order_id: str) -> None:
    with receiving() as receiver:
        urls = ("http://[nonsense", "http://127.0.0.1:99999/x", receiver.url)
        endpoints = [register(client, url, "payment_intent.created") for url in urls]
        client.v1.payment_intents.create(payment(order_id))
        receiver.wait_for(1)
        client.v1.payment_intents.create(payment(order_id))
        receiver.wait_for(2)
        for endpoint in endpoints:
            client.v1.webhook_endpoints.delete(endpoint.id)


def test_events_of_sellers_go_to_connect_endpoints_only(double: Double, client: stripe.StripeClient) -> None:
    with receiving() as platform, receiving() as connect:
        endpoints = [
            register(client, platform.url, "account.updated"),
            register(client, connect.url, "account.updated", connect=True),
        ]
        seller = double.onboarded_account()
        (delivery,) = connect.wait_for(1)
        for endpoint in endpoints:
            client.v1.webhook_endpoints.delete(endpoint.id)
    event = json.loads(delivery.payload)
    assert (event["account"], event["data"]["object"]["payouts_enabled"]) == (seller, True)
    assert platform.received == []


def test_every_step_of_a_purchase_is_an_event(client: stripe.StripeClient, order_id: str) -> None:
    intent = client.v1.payment_intents.create(payment(order_id))
    client.v1.payment_intents.capture(intent.id)
    client.v1.refunds.create({"payment_intent": intent.id, "amount": 100})
    about = {intent.id, intent.latest_charge}
    listed = [
        event.type
        for event in client.v1.events.list({"limit": 30}).data
        for subject in [event.data.object.to_dict()]
        if {subject.get("id"), subject.get("charge")} & about
    ]
    assert listed[::-1] == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.amount_capturable_updated",
        "charge.captured",
        "payment_intent.succeeded",
        "refund.created",
        "charge.refunded",
    ]


def event_bytes() -> bytes:
    event = {"id": "evt_1", "type": "charge.refunded", "created": 1, "data": {"object": {"id": "ch_1"}}}
    return json.dumps(event).encode()


def test_a_verified_event_keeps_its_bytes_meaning() -> None:
    payload = event_bytes()
    event = gateway().verify_webhook(payload, sign(payload, SECRET, int(time.time())), SECRET)
    assert (event.event_id, event.type, event.data) == ("evt_1", "charge.refunded", {"id": "ch_1"})


def forgeries() -> dict[str, tuple[bytes, str, str]]:
    payload, now = event_bytes(), int(time.time())
    genuine = sign(payload, SECRET, now)
    return {
        "another secret": (payload, sign(payload, "whsec_other", now), SECRET),
        "a changed body": (payload.replace(b"ch_1", b"ch_2"), genuine, SECRET),
        "one byte more": (payload + b" ", genuine, SECRET),
        "too old": (payload, sign(payload, SECRET, now - 301), SECRET),
        "no signature": (payload, "", SECRET),
        "no scheme": (payload, f"t={now}", SECRET),
        "not a header": (payload, "nonsense", SECRET),
        "a changed time": (payload, genuine.replace(f"t={now}", f"t={now + 1}"), SECRET),
        "no secret set": (payload, sign(payload, "", now), ""),
        "not UTF-8": (b"\xff\xfe", sign(b"\xff\xfe", SECRET, now), SECRET),
        "not JSON": (b"hello", sign(b"hello", SECRET, now), SECRET),
        "not an event": (b"{}", sign(b"{}", SECRET, now), SECRET),
    }


@pytest.mark.parametrize("how", forgeries())
def test_a_forged_webhook_is_refused(how: str) -> None:
    payload, signature, secret = forgeries()[how]
    with pytest.raises(ForgedWebhook):
        gateway().verify_webhook(payload, signature, secret)


def test_a_wider_tolerance_accepts_an_older_webhook() -> None:
    payload = event_bytes()
    signature = sign(payload, SECRET, int(time.time()) - 400)
    assert gateway().verify_webhook(payload, signature, SECRET, tolerance_seconds=600).event_id == "evt_1"


def test_deliveries_owed_at_a_crash_are_made_after_the_restart(own_double: Any, order_id: str) -> None:
    double = own_double("--retry-seconds", "0.5")
    port = free_port()
    register(double.client(), f"http://127.0.0.1:{port}/stripe", "payment_intent.created")
    double.client().v1.payment_intents.create(payment(order_id))
    double.kill()
    with receiving(port=port) as receiver:
        double.start()
        (delivery, *_) = receiver.wait_for(1)
    assert json.loads(delivery.payload)["data"]["object"]["transfer_group"] == order_id
