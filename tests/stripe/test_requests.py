"""The double refuses requests as Stripe does, and lists and expands objects."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import stripe

from tests.stripe.double import API_KEY, Double, payment

KEY = (API_KEY, "")


def test_a_key_is_needed_and_must_be_the_right_one(double: Double) -> None:
    assert httpx.get(f"{double.url}/v1/balance").status_code == 401
    with pytest.raises(stripe.AuthenticationError, match=r"Invalid API Key provided: sk_test_\*+0000"):
        double.client(api_key="sk_test_wrong_0000").v1.balance.retrieve()
    assert httpx.get(f"{double.url}/v1/balance", auth=KEY).status_code == 200


@pytest.mark.parametrize(
    ("change", "code", "param"),
    [
        ({"color": "red"}, "parameter_unknown", "color"),
        (
            {"payment_method_data": {"type": "card", "card": {"pin": "1"}}},
            "parameter_unknown",
            "payment_method_data[card][pin]",
        ),
        ({"amount": None}, "parameter_missing", "amount"),
        ({"amount": "12.50"}, "parameter_invalid_integer", "amount"),
        ({"amount": 0}, "parameter_invalid_integer", "amount"),
        ({"amount": 49}, "amount_too_small", "amount"),
        ({"amount": 100_000_000}, "amount_too_large", "amount"),
        ({"amount": 10**12}, "amount_too_large", "amount"),
        ({"amount": 17_499, "currency": "huf"}, "amount_too_small", "amount"),
        ({"amount": 1005, "currency": "kwd"}, "parameter_invalid_integer", "amount"),
        ({"amount": 1050, "currency": "isk"}, "parameter_invalid_integer", "amount"),
        ({"currency": "xyz"}, None, "currency"),
        ({"capture_method": "later"}, None, "capture_method"),
        ({"payment_method": "pm_unknown"}, "resource_missing", "payment_method"),
        ({"transfer_group": ""}, "parameter_invalid_empty", "transfer_group"),
    ],
)
def test_a_wrong_parameter_is_named(
    client: stripe.StripeClient, order_id: str, change: dict[str, Any], code: str | None, param: str
) -> None:
    parameters = {name: value for name, value in (payment(order_id) | change).items() if value is not None}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.create(parameters)
    assert (refused.value.code, refused.value.param, refused.value.http_status) == (code, param, 400)


@pytest.mark.parametrize(("currency", "amount"), [("kwd", 1010), ("isk", 1100), ("idr", 10**11), ("bif", 1)])
def test_each_currency_has_its_own_amounts(
    client: stripe.StripeClient, order_id: str, currency: str, amount: int
) -> None:
    assert client.v1.payment_intents.create(payment(order_id, currency=currency, amount=amount)).amount == amount


def test_a_part_of_a_three_decimal_amount_ends_in_zero_too(client: stripe.StripeClient, order_id: str) -> None:
    intent = client.v1.payment_intents.create(payment(order_id, currency="kwd", amount=1010))
    with pytest.raises(stripe.InvalidRequestError, match="divisible by 10"):
        client.v1.payment_intents.capture(intent.id, {"amount_to_capture": 1005})
    client.v1.payment_intents.capture(intent.id)
    with pytest.raises(stripe.InvalidRequestError, match="divisible by 10"):
        client.v1.refunds.create({"payment_intent": intent.id, "amount": 5})


def test_a_real_parameter_that_is_not_emulated_is_not_called_unknown(
    client: stripe.StripeClient, order_id: str
) -> None:
    with pytest.raises(stripe.APIError, match="does not emulate the parameter application_fee_amount"):
        client.v1.payment_intents.create(payment(order_id, application_fee_amount=100))


def test_an_unknown_id_and_an_unknown_url_are_not_found(double: Double, client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="No such payment_intent: 'pi_none'") as refused:
        client.v1.payment_intents.retrieve("pi_none")
    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")
    answer = httpx.post(f"{double.url}/v1/nothing", auth=KEY)
    assert (answer.status_code, answer.json()["error"]["type"]) == (404, "invalid_request_error")


def test_json_bodies_are_refused(double: Double) -> None:
    answer = httpx.post(f"{double.url}/v1/refunds", auth=KEY, json={"charge": "ch_1"})
    assert answer.status_code == 400
    assert "x-www-form-urlencoded" in answer.json()["error"]["message"]


def test_lists_page_in_both_directions(client: stripe.StripeClient, order_id: str) -> None:
    made = [client.v1.payment_intents.create(payment(order_id)).latest_charge for _ in range(5)]
    newest_first = made[::-1]
    only = {"transfer_group": order_id}
    first = client.v1.charges.list({**only, "limit": 2})
    assert ([one.id for one in first.data], first.has_more) == (newest_first[:2], True)
    last = client.v1.charges.list({**only, "limit": 3, "starting_after": first.data[-1].id})
    assert ([one.id for one in last.data], last.has_more) == (newest_first[2:], False)
    back = client.v1.charges.list({**only, "limit": 2, "ending_before": newest_first[3] or ""})
    assert ([one.id for one in back.data], back.has_more) == (newest_first[1:3], True)
    assert [one.id for one in client.v1.charges.list({**only, "limit": 2}).auto_paging_iter()] == newest_first
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.charges.list({"limit": 101})
    with pytest.raises(stripe.InvalidRequestError, match="No such charge"):
        client.v1.charges.list({"starting_after": "ch_none"})


def test_lists_filter_by_time(client: stripe.StripeClient, order_id: str) -> None:
    intent = client.v1.payment_intents.create(payment(order_id))
    only = {"transfer_group": order_id}
    assert client.v1.charges.list({**only, "created": {"gt": intent.created + 60}}).data == []
    assert (
        len(client.v1.charges.list({**only, "created": {"gte": intent.created, "lt": intent.created + 60}}).data) == 1
    )


def test_lists_expand_their_items(client: stripe.StripeClient, order_id: str) -> None:
    client.v1.payment_intents.create(payment(order_id))
    listed = client.v1.charges.list({"transfer_group": order_id, "expand": ["data.payment_intent.payment_method"]})
    intent = listed.data[0].payment_intent
    assert isinstance(intent, stripe.PaymentIntent)
    assert isinstance(intent.payment_method, stripe.PaymentMethod)


@pytest.mark.parametrize("path", ["amount", "nothing", "latest_charge.amount", "a.b.c.d.e"])
def test_what_is_no_object_cannot_be_expanded(client: stripe.StripeClient, order_id: str, path: str) -> None:
    intent = client.v1.payment_intents.create(payment(order_id))
    with pytest.raises(stripe.InvalidRequestError, match="expand"):
        client.v1.payment_intents.retrieve(intent.id, {"expand": [path]})


def test_metadata_is_merged_and_an_empty_value_removes_its_key(client: stripe.StripeClient, order_id: str) -> None:
    intent = client.v1.payment_intents.create(payment(order_id, metadata={"a": "1", "0": "zero"}))
    updated = client.v1.payment_intents.update(intent.id, {"metadata": {"a": "", "b": "2"}})
    assert updated.metadata.to_dict() == {"0": "zero", "b": "2"}
    assert client.v1.payment_intents.update(intent.id, {"metadata": ""}).metadata.to_dict() == {}
