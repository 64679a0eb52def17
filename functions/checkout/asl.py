"""Renders the saga to the Amazon States Language.

`python -m functions.checkout.asl` writes `definitions/aws.asl.json`. The stack reads that file and puts the
AWS partition, the deployed function's ARN and the queue's URL in the place of the placeholders, so it never imports
this package.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from functions.checkout.saga import CHECKOUT, Compensation, Retry, Saga, Step

DEFINITION = Path(__file__).with_name("definitions") / "aws.asl.json"
SAGA_FUNCTION = "${saga_function_arn}"
FULFILLMENT_QUEUE = "${fulfillment_queue_url}"
PARTITION = "${partition}"
EXECUTION = "$$.Execution.Input"
"""Goes along whole: it holds the order's trace, and a path to a member that is not there would fail the execution."""

# Errors of Lambda itself: the code did not run, or did not finish.
_THROTTLED = [
    "Lambda.TooManyRequestsException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
]
# A step's answer goes where a caught error would be: the compensations read the same member.
_ANSWER = {"ResultSelector": {"Error.$": "$.Payload.refusal"}, "ResultPath": "$.error"}
_FULFILL = "fulfill"
_DONE = "done"
_WAITS = "order_waits"
_ORDER_FAILED = "order_failed"
_JSON = dict[str, Any]


def render(saga: Saga = CHECKOUT) -> _JSON:
    """The state machine definition, with placeholders for what is known only once the stack is deployed."""
    after_steps = [step.name for step in saga.steps[1:]] + [_FULFILL]
    after_compensations = [compensation.name for compensation in saga.compensations[1:]] + [_ORDER_FAILED]
    states: dict[str, _JSON] = {}
    for step, following in zip(saga.steps, after_steps, strict=True):
        answered = saga.expected_refusals(step.name)
        states[step.name] = _step(step, f"{step.name}_answered" if answered else following, saga.throttled)
        if answered:
            states[step.name] |= _ANSWER
            states[f"{step.name}_answered"] = _choice(step, following)
    states[_FULFILL] = _send_to_fulfillment(saga.fulfillment_retry)
    states[_DONE] = {"Type": "Succeed", "Comment": "Paid and handed over to fulfillment"}
    states[_WAITS] = {"Type": "Succeed", "Comment": "The order waits; another execution goes on when it is resumed"}
    for compensation, following in zip(saga.compensations, after_compensations, strict=True):
        states[compensation.name] = _compensation(compensation, following, saga.throttled)
    # A declined card or a sold-out item is an answer, not a fault: failed executions are kept for what needs a human.
    states[_ORDER_FAILED] = {"Type": "Succeed", "Comment": "Nothing was charged and the stock is back"}
    return {
        "Comment": "Checkout of one order: pay, take the stock, split the money, fulfill; or undo",
        "StartAt": saga.steps[0].name,
        "TimeoutSeconds": int(saga.timeout.total_seconds()),
        "States": states,
    }


def _step(step: Step, following: str, throttled: Retry) -> _JSON:
    faults = [refusal for refusal in step.refusals if refusal.fault]
    refused = [fault.error for fault in faults]
    retry = [{"ErrorEquals": refused, "MaxAttempts": 0}] if refused else []
    retry += [_retry(throttled, _THROTTLED), _retry(step.retry)]
    state = _invoke(step.name, step.title, payload={}) | {"Retry": retry}
    catch = [_catch(fault.error, fault.compensate_from or _WAITS) for fault in faults]
    if step.compensate_from is not None:
        catch.append(_catch("States.ALL", step.compensate_from))
    if catch:
        state["Catch"] = catch
    return state | {"Next": following}


def _choice(step: Step, following: str) -> _JSON:
    return {
        "Type": "Choice",
        "Choices": [
            {"Variable": "$.error.Error", "StringEquals": refusal.error, "Next": refusal.compensate_from or _WAITS}
            for refusal in step.refusals
            if not refusal.fault
        ],
        "Default": following,
    }


def _compensation(compensation: Compensation, following: str, throttled: Retry) -> _JSON:
    state = _invoke(compensation.name, compensation.title, payload={"error.$": "$.error.Error"})
    return state | {"Retry": [_retry(throttled, _THROTTLED), _retry(compensation.retry)], "Next": following}


def _invoke(step: str, title: str, *, payload: _JSON) -> _JSON:
    return {
        "Type": "Task",
        "Comment": title,
        "Resource": f"arn:{PARTITION}:states:::lambda:invoke",
        "Parameters": {
            "FunctionName": SAGA_FUNCTION,
            "Payload": {"step": step, "order_id.$": "$.order_id", "execution.$": EXECUTION} | payload,
        },
        "ResultPath": None,
    }


def _send_to_fulfillment(retry: Retry) -> _JSON:
    return {
        "Type": "Task",
        "Comment": "Hand the order over to fulfillment",
        "Resource": f"arn:{PARTITION}:states:::sqs:sendMessage",
        "Parameters": {
            "QueueUrl": FULFILLMENT_QUEUE,
            "MessageBody": {"order_id.$": "$.order_id", "execution.$": EXECUTION},
        },
        "ResultPath": None,
        "Retry": [_retry(retry)],
        "Next": _DONE,
    }


def _retry(retry: Retry, errors: Sequence[str] = ("States.ALL",)) -> _JSON:
    return {
        "ErrorEquals": list(errors),
        "IntervalSeconds": int(retry.interval.total_seconds()),
        "BackoffRate": retry.backoff_rate,
        "MaxDelaySeconds": int(retry.longest_interval.total_seconds()),
        "MaxAttempts": retry.attempts,
        "JitterStrategy": "FULL",
    }


def _catch(error: str, compensation: str) -> _JSON:
    return {"ErrorEquals": [error], "ResultPath": "$.error", "Next": compensation}


def rendered() -> str:
    """The definition as the text of `definitions/aws.asl.json`."""
    return json.dumps(render(), indent=2) + "\n"


if __name__ == "__main__":
    DEFINITION.write_text(rendered(), encoding="utf-8")
