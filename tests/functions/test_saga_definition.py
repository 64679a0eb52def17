"""The saga as data and its rendering."""

from __future__ import annotations

import json

from statelint.linter import Linter

from functions.checkout import asl
from functions.checkout.saga import CHECKOUT, StepName


def test_the_checked_in_definition_is_what_the_saga_renders_to() -> None:
    assert asl.DEFINITION.read_text(encoding="utf-8") == asl.rendered(), "run: python -m functions.checkout.asl"


def test_the_definition_is_valid_amazon_states_language() -> None:
    text = asl.rendered().replace(asl.FULFILLMENT_QUEUE, "https://sqs.us-east-1.amazonaws.com/123456789012/fulfillment")
    assert Linter.validate(text.replace(asl.SAGA_FUNCTION, "arn:aws:lambda:us-east-1:123456789012:function:saga")) == []


def test_the_linter_notices_a_state_that_does_not_exist() -> None:
    definition = asl.render()
    definition["States"]["authorise"]["Next"] = "nowhere"
    assert Linter.validate(json.dumps(definition)) != []


def test_every_step_is_invoked_by_exactly_one_state() -> None:
    invoked = [
        state["Parameters"]["Payload"]["step"]
        for state in asl.render()["States"].values()
        if state.get("Resource", "").endswith("lambda:invoke")
    ]
    assert sorted(invoked) == sorted(StepName)


def test_a_failure_after_the_capture_has_no_way_back() -> None:
    steps = [step.name for step in CHECKOUT.steps]
    after_capture = CHECKOUT.steps[steps.index(StepName.CAPTURE) + 1 :]
    assert after_capture
    assert all(step.compensate_from is None and not step.refusals for step in after_capture)
