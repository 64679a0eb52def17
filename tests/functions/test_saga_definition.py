"""The saga as data and its rendering."""

from __future__ import annotations

import json
from typing import Any

import pytest
from statelint.linter import Linter

from functions.checkout import asl
from functions.checkout.saga import CHECKOUT, StepName


def test_the_checked_in_definition_is_what_the_saga_renders_to() -> None:
    assert asl.DEFINITION.read_text(encoding="utf-8") == asl.rendered(), "run: python -m functions.checkout.asl"


def test_the_definition_is_valid_amazon_states_language() -> None:
    text = asl.rendered()
    for placeholder, value in {
        asl.PARTITION: "aws",
        asl.FULFILLMENT_QUEUE: "https://sqs.us-east-1.amazonaws.com/123456789012/fulfillment",
        asl.SAGA_FUNCTION: "arn:aws:lambda:us-east-1:123456789012:function:saga",
    }.items():
        assert placeholder in text
        text = text.replace(placeholder, value)
    assert "${" not in text
    assert ":aws:" not in asl.rendered(), "other partitions have other names"
    assert Linter.validate(text) == []


def test_the_linter_notices_a_state_that_does_not_exist() -> None:
    definition = asl.render()
    definition["States"]["authorize"]["Next"] = "nowhere"
    assert Linter.validate(json.dumps(definition)) != []


def test_every_step_is_invoked_by_exactly_one_state() -> None:
    invoked = [
        state["Parameters"]["Payload"]["step"]
        for state in asl.render()["States"].values()
        if state.get("Resource", "").endswith("lambda:invoke")
    ]
    assert sorted(invoked) == sorted(StepName)


@pytest.mark.parametrize("step", [StepName.AUTHORIZE, StepName.CAPTURE])
def test_a_card_that_is_refused_is_final_wherever_the_processor_is_asked_for_money(step: StepName) -> None:
    asks = next(one for one in CHECKOUT.steps if one.name is step)
    assert {"PaymentDeclined", "AuthenticationRequired", "PaymentRefused"} <= {one.error for one in asks.refusals}


def test_what_the_buyer_or_the_stock_refuses_is_an_answer_and_nothing_else_is() -> None:
    answers = {step: CHECKOUT.expected_refusals(step) for step in StepName}
    card = {"PaymentDeclined", "AuthenticationRequired"}
    not_now = {"OrderStopped", "OrderWaits"}
    expected = {
        StepName.SCORE: {"FraudRefused"} | not_now,
        StepName.AUTHORIZE: card | {"AuthenticationFailed"} | not_now,
        StepName.CONFIRM_STOCK: {"SoldOut"} | not_now,
        StepName.CAPTURE: card,
    }
    assert answers == {step: expected.get(step, set()) for step in StepName}
    caught = {error for state in asl.render()["States"].values() for one in state.get("Catch", []) for error in
              one["ErrorEquals"]}  # fmt: skip
    assert caught == {"PaymentRefused", "IllegalTransition", "States.ALL"}


def test_a_busy_lambda_is_waited_for_longer_than_a_fault_but_not_longer_than_the_saga() -> None:
    for state in asl.render()["States"].values():
        if state.get("Resource", "").endswith("lambda:invoke"):
            throttled, fault = state["Retry"][-2:]
            assert "Lambda.TooManyRequestsException" in throttled["ErrorEquals"]
            assert fault["ErrorEquals"] == ["States.ALL"]
            assert _longest_seconds(fault) < _longest_seconds(throttled) < CHECKOUT.timeout.total_seconds()


def _longest_seconds(retry: dict[str, Any]) -> float:
    waits = (retry["IntervalSeconds"] * retry["BackoffRate"] ** number for number in range(retry["MaxAttempts"]))
    return sum(min(wait, retry["MaxDelaySeconds"]) for wait in waits)


def test_a_failure_after_the_capture_has_no_way_back() -> None:
    steps = [step.name for step in CHECKOUT.steps]
    after_capture = CHECKOUT.steps[steps.index(StepName.CAPTURE) + 1 :]
    assert after_capture
    assert all(step.compensate_from is None and not step.refusals for step in after_capture)
