"""Payments on the double, through the real SDK."""

from __future__ import annotations

import httpx
import pytest
import stripe

from tests.stripe.double import Double, payment
from toolkit.local.stripe.call import PLATFORM


def test_an_authorized_payment_holds_the_amount_and_moves_no_money(
    double: Double, client: stripe.StripeClient, order_id: str
) -> None:
    before = double.balance_of(PLATFORM)
    intent = client.v1.payment_intents.create(payment(order_id, expand=["latest_charge"]))
    assert (intent.status, intent.amount_capturable, intent.amount_received) == ("requires_capture", 5_000, 0)
    charge = intent.latest_charge
    assert isinstance(charge, stripe.Charge)
    assert (charge.captured, charge.paid, charge.balance_transaction) == (False, True, None)
    assert charge.transfer_group == intent.transfer_group == order_id
    assert double.balance_of(PLATFORM) == before


def test_a_capture_collects_the_amount_as_pending_money(
    double: Double, client: stripe.StripeClient, order_id: str
) -> None:
    _, before = double.balance_of(PLATFORM)
    intent = client.v1.payment_intents.create(payment(order_id))
    captured = client.v1.payment_intents.capture(intent.id, {"expand": ["latest_charge.balance_transaction"]})
    assert (captured.status, captured.amount_capturable, captured.amount_received) == ("succeeded", 0, 5_000)
    assert isinstance(captured.latest_charge, stripe.Charge)
    transaction = captured.latest_charge.balance_transaction
    assert isinstance(transaction, stripe.BalanceTransaction)
    assert (transaction.net, transaction.status, transaction.type) == (5_000, "pending", "charge")
    _, after = double.balance_of(PLATFORM)
    assert after == before + 5_000


def test_a_partial_capture_lets_the_rest_go(client: stripe.StripeClient, order_id: str) -> None:
    intent = client.v1.payment_intents.create(payment(order_id))
    captured = client.v1.payment_intents.capture(intent.id, {"amount_to_capture": 3_000, "expand": ["latest_charge"]})
    assert captured.amount_received == 3_000
    charge = captured.latest_charge
    assert isinstance(charge, stripe.Charge)
    assert (charge.amount, charge.amount_captured, charge.amount_refunded) == (5_000, 3_000, 2_000)
    with pytest.raises(stripe.InvalidRequestError, match="requires_capture"):
        client.v1.payment_intents.capture(intent.id)


def test_a_card_may_be_refused_when_the_money_is_taken(
    double: Double, client: stripe.StripeClient, order_id: str
) -> None:
    before = double.balance_of(PLATFORM)
    intent = client.v1.payment_intents.create({**payment(order_id), "payment_method": "pm_card_captureDeclined"})
    assert intent.status == "requires_capture"
    with pytest.raises(stripe.CardError) as refused:
        client.v1.payment_intents.capture(intent.id)
    assert refused.value.error.decline_code == "insufficient_funds"
    assert client.v1.payment_intents.retrieve(intent.id).status == "requires_payment_method"
    assert client.v1.payment_intents.cancel(intent.id).status == "canceled"
    assert double.balance_of(PLATFORM) == before


def test_more_than_authorized_cannot_be_captured(client: stripe.StripeClient, order_id: str) -> None:
    intent = client.v1.payment_intents.create(payment(order_id))
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.capture(intent.id, {"amount_to_capture": 5_001})
    assert refused.value.code == "amount_too_large"


def test_a_canceled_authorization_is_let_go_and_cannot_be_captured(client: stripe.StripeClient, order_id: str) -> None:
    intent = client.v1.payment_intents.create(payment(order_id))
    canceled = client.v1.payment_intents.cancel(intent.id, {"cancellation_reason": "abandoned"})
    assert (canceled.status, canceled.cancellation_reason) == ("canceled", "abandoned")
    charge = client.v1.charges.retrieve(str(intent.latest_charge))
    assert (charge.refunded, charge.amount_refunded) == (True, 5_000)
    for attempt in (client.v1.payment_intents.capture, client.v1.payment_intents.cancel):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            attempt(intent.id)
        assert refused.value.code == "payment_intent_unexpected_state"


@pytest.mark.parametrize(
    ("card", "code", "decline_code"),
    [
        ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_chargeDeclinedFraudulent", "card_declined", "fraudulent"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
    ],
)
def test_a_declined_card_leaves_a_failed_charge_and_an_intent_that_can_be_paid_otherwise(
    client: stripe.StripeClient, order_id: str, card: str, code: str, decline_code: str
) -> None:
    with pytest.raises(stripe.CardError) as declined:
        client.v1.payment_intents.create(payment(order_id, card))
    error = declined.value.error
    assert error is not None
    assert (declined.value.http_status, error.code, error.decline_code) == (402, code, decline_code)
    intent = client.v1.payment_intents.retrieve(error.payment_intent.id, {"expand": ["latest_charge"]})
    assert intent.status == "requires_payment_method"
    assert intent.last_payment_error is not None
    assert intent.last_payment_error.decline_code == decline_code
    assert isinstance(intent.latest_charge, stripe.Charge)
    assert (intent.latest_charge.status, intent.latest_charge.failure_code) == ("failed", code)
    retried = client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    assert retried.status == "requires_capture"


@pytest.mark.parametrize("card", ["pm_card_authenticationRequired", "pm_card_threeDSecure2Required"])
def test_a_card_that_wants_authentication_waits_for_the_buyer(
    double: Double, client: stripe.StripeClient, order_id: str, card: str
) -> None:
    intent = client.v1.payment_intents.create(payment(order_id, card))
    assert (intent.status, intent.amount_capturable, intent.latest_charge) == ("requires_action", 0, None)
    assert intent.next_action is not None
    assert intent.next_action.type == "use_stripe_sdk"
    double.post(f"/_double/authenticate/{intent.id}")
    assert client.v1.payment_intents.retrieve(intent.id).status == "requires_capture"


def test_a_buyer_who_is_sent_to_authenticate_comes_back_paid_or_not(
    double: Double, client: stripe.StripeClient, order_id: str
) -> None:
    parameters = payment(order_id, "pm_card_threeDSecure2Required", return_url="http://127.0.0.1/back")
    intent = client.v1.payment_intents.create(parameters)
    assert intent.next_action is not None
    assert intent.next_action.redirect_to_url is not None
    httpx.get(f"{intent.next_action.redirect_to_url.url}?outcome=failed")
    failed = client.v1.payment_intents.retrieve(intent.id)
    assert failed.status == "requires_payment_method"
    assert failed.last_payment_error is not None
    assert failed.last_payment_error.code == "payment_intent_authentication_failure"


@pytest.mark.parametrize("condition", [{"off_session": True}, {"error_on_requires_action": True}])
def test_authentication_without_a_buyer_is_a_decline(
    client: stripe.StripeClient, order_id: str, condition: dict[str, bool]
) -> None:
    with pytest.raises(stripe.CardError) as declined:
        client.v1.payment_intents.create(payment(order_id, "pm_card_authenticationRequired", **condition))
    assert declined.value.error is not None
    assert declined.value.error.code == "authentication_required"


def test_card_numbers_work_like_their_tokens(client: stripe.StripeClient, order_id: str) -> None:
    card = {"number": "4000 0000 0000 9995", "exp_month": 12, "exp_year": 2034, "cvc": "123"}
    method = client.v1.payment_methods.create({"type": "card", "card": card})
    assert method.card is not None
    assert (method.card.last4, method.card.brand) == ("9995", "visa")
    with pytest.raises(stripe.CardError, match="insufficient funds"):
        client.v1.payment_intents.create(payment(order_id, method.id))


def test_a_payment_method_without_a_customer_pays_once(client: stripe.StripeClient, order_id: str) -> None:
    method = client.v1.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}})
    client.v1.payment_intents.create(payment(order_id, method.id))
    with pytest.raises(stripe.InvalidRequestError, match="previously used"):
        client.v1.payment_intents.create(payment(order_id, method.id))


def test_an_intent_can_be_made_first_and_confirmed_later(client: stripe.StripeClient, order_id: str) -> None:
    intent = client.v1.payment_intents.create(
        {"amount": 700, "currency": "usd", "allowed_payment_method_types": ["card"], "transfer_group": order_id}
    )
    assert intent.status == "requires_payment_method"
    with pytest.raises(stripe.InvalidRequestError, match="missing a payment method"):
        client.v1.payment_intents.confirm(intent.id)
    client.v1.payment_intents.update(intent.id, {"amount": 900, "metadata": {"a": "1"}})
    paid = client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_mastercard"})
    assert (paid.status, paid.amount_received, paid.metadata.to_dict()) == ("succeeded", 900, {"a": "1"})


def test_redirecting_methods_need_a_return_url(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="return_url"):
        client.v1.payment_intents.create(
            {"amount": 700, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True}
        )


@pytest.mark.parametrize("outcome", ["partial", "rest", "too much"])
def test_refunds_never_exceed_what_was_captured(client: stripe.StripeClient, order_id: str, outcome: str) -> None:
    intent = client.v1.payment_intents.create(payment(order_id))
    client.v1.payment_intents.capture(intent.id, {"amount_to_capture": 4_000})
    first = client.v1.refunds.create({"payment_intent": intent.id, "amount": 1_500})
    assert (first.status, first.amount, first.payment_intent) == ("succeeded", 1_500, intent.id)
    if outcome == "too much":
        with pytest.raises(stripe.InvalidRequestError, match="greater than"):
            client.v1.refunds.create({"payment_intent": intent.id, "amount": 2_501})
    elif outcome == "rest":
        assert client.v1.refunds.create({"payment_intent": intent.id}).amount == 2_500
        with pytest.raises(stripe.InvalidRequestError) as refused:
            client.v1.refunds.create({"payment_intent": intent.id, "amount": 1})
        assert refused.value.code == "charge_already_refunded"
    assert client.v1.refunds.list({"payment_intent": intent.id}).data[-1].id == first.id


def test_an_authorization_cannot_be_refunded(client: stripe.StripeClient, order_id: str) -> None:
    intent = client.v1.payment_intents.create(payment(order_id))
    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge"):
        client.v1.refunds.create({"payment_intent": intent.id})
