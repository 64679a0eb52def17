"""Any sequence of refunds, transfers and reversals on one charge, sensible or not, against plain arithmetic."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import stripe
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.stripe.double import Double, payment

CAPTURED = 1_000
STEPS = st.lists(
    st.tuples(st.sampled_from(["refund", "transfer", "reverse"]), st.integers(min_value=1, max_value=700)), max_size=8
)
_cases = itertools.count(1)


def accepted(request: Callable[[], object]) -> bool:
    try:
        request()
    except stripe.InvalidRequestError:
        return False
    return True


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_a_charge_is_never_refunded_transferred_or_reversed_beyond_itself(
    double: Double, client: stripe.StripeClient, seller: str, steps: list[tuple[str, int]]
) -> None:
    case = f"charge-{next(_cases)}"
    api = client.v1
    started = sum(double.balance_of(seller, "sek"))
    intent = api.payment_intents.create(payment(case, amount=CAPTURED, currency="sek"))
    charge = str(api.payment_intents.capture(intent.id).latest_charge)
    refunded = transferred = 0
    left: dict[str, int] = {}
    for kind, amount in steps:
        match kind:
            case "refund":
                parameters = {"payment_intent": intent.id, "amount": amount}
                done = accepted(lambda given=parameters: api.refunds.create(given))
                assert done is (refunded + amount <= CAPTURED)
                refunded += amount if done else 0
            case "transfer":
                parameters = {"amount": amount, "currency": "sek", "destination": seller, "source_transaction": charge}
                if transferred + amount <= CAPTURED:
                    left[api.transfers.create(parameters).id] = amount
                    transferred += amount
                else:
                    assert not accepted(lambda given=parameters: api.transfers.create(given))
            case "reverse" if left:
                transfer = next(iter(left))
                parameters = {"amount": amount}
                done = accepted(lambda one=transfer, given=parameters: api.transfers.reversals.create(one, given))
                assert done is (amount <= left[transfer])
                if done:
                    left[transfer] -= amount
                    transferred -= amount
    assert sum(double.balance_of(seller, "sek")) == started + transferred
    assert api.charges.retrieve(charge).amount_refunded == refunded
