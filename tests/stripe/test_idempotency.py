"""Idempotency keys on the double, through the real SDK."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import stripe

from tests.stripe.double import Double, payment


def test_the_same_key_and_parameters_replay_the_first_answer(client: stripe.StripeClient, order_id: str) -> None:
    first, second = (
        client.v1.payment_intents.create(payment(order_id), {"idempotency_key": order_id}) for _ in range(2)
    )
    assert first.id == second.id
    assert first.to_dict() == second.to_dict()
    headers = second.last_response.headers
    assert headers["idempotent-replayed"] == "true"
    assert headers["original-request"] == first.last_response.headers["request-id"]
    assert len(client.v1.charges.list({"transfer_group": order_id}).data) == 1


def test_the_same_key_with_other_parameters_is_a_conflict(client: stripe.StripeClient, order_id: str) -> None:
    client.v1.payment_intents.create(payment(order_id), {"idempotency_key": order_id})
    with pytest.raises(stripe.IdempotencyError) as refused:
        client.v1.payment_intents.create(payment(order_id, amount=5_001), {"idempotency_key": order_id})
    assert refused.value.http_status == 400
    with pytest.raises(stripe.IdempotencyError):
        client.v1.refunds.create({"charge": "ch_any"}, {"idempotency_key": order_id})


def test_a_decline_is_replayed_and_not_tried_again(client: stripe.StripeClient, order_id: str) -> None:
    for _ in range(2):
        with pytest.raises(stripe.CardError):
            client.v1.payment_intents.create(payment(order_id, "pm_card_chargeDeclined"), {"idempotency_key": order_id})
    assert len(client.v1.charges.list({"transfer_group": order_id}).data) == 1


def test_a_refusal_of_the_parameters_does_not_use_the_key_up(client: stripe.StripeClient, order_id: str) -> None:
    wrong = payment(order_id) | {"amount": "much"}
    with pytest.raises(stripe.InvalidRequestError, match="Invalid integer"):
        client.v1.payment_intents.create(wrong, {"idempotency_key": order_id})
    assert client.v1.payment_intents.create(payment(order_id), {"idempotency_key": order_id}).amount == 5_000


def test_keys_of_two_accounts_do_not_meet(double: Double, seller: str, order_id: str) -> None:
    ours = double.client().v1.payment_intents.create(payment(order_id), {"idempotency_key": order_id})
    theirs = double.client(account=seller).v1.payment_intents.create(payment(order_id), {"idempotency_key": order_id})
    assert ours.id != theirs.id


def test_a_key_longer_than_255_characters_is_refused(client: stripe.StripeClient, order_id: str) -> None:
    with pytest.raises(stripe.StripeError, match="255"):
        client.v1.payment_intents.create(payment(order_id), {"idempotency_key": "k" * 256})


def test_a_key_in_use_is_refused_until_its_request_ends(own_double: Any, order_id: str) -> None:
    double = own_double("--latency-seconds", "0.5")

    def pay(retries: int) -> stripe.PaymentIntent | stripe.StripeError:
        try:
            return double.client(retries=retries).v1.payment_intents.create(
                payment(order_id), {"idempotency_key": order_id}
            )
        except stripe.StripeError as error:
            return error

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(pay, (0, 0)))
    refused = [one for one in answers if isinstance(one, stripe.StripeError)]
    assert len(refused) == 1
    assert refused[0].http_status == 409
    assert refused[0].error is not None
    assert refused[0].error.code == "idempotency_key_in_use"
    replayed = pay(0)
    assert replayed in answers
    assert len(double.client().v1.payment_intents.list().data) == 1
