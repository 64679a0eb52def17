"""The rendered definition, executed by moto's Step Functions interpreter with a Lambda that is told how to answer."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.awslambda.models import LambdaFunction
from moto.core.config import default_user_config

from functions.checkout import asl
from functions.checkout.saga import CHECKOUT, StepName

FORWARD = ["score", "authorize", "confirm_stock", "capture", "record_split"]
UNDO = ["cancel_authorization", "release_stock", "fail_order"]
ORDER = "order-1"


class Workflow:
    """The state machine deployed to moto; `refuse` makes a step raise, `steps` is what the function was asked."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.refuse: dict[str, list[str]] = {}
        self._states = boto3.client("stepfunctions", "us-east-1")
        self._sqs = boto3.client("sqs", "us-east-1")
        self._queue = self._sqs.create_queue(QueueName="fulfillment")["QueueUrl"]
        role = boto3.client("iam", "us-east-1").create_role(RoleName="any", AssumeRolePolicyDocument="{}")["Role"][
            "Arn"
        ]
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("unused.py", "")
        function = boto3.client("lambda", "us-east-1").create_function(
            FunctionName="saga", Runtime="python3.11", Role=role, Handler="unused.handler",
            Code={"ZipFile": archive.getvalue()},
        )  # fmt: skip
        text = json.dumps(_at_once(asl.render()))
        definition = text.replace(asl.SAGA_FUNCTION, function["FunctionArn"]).replace(
            asl.FULFILLMENT_QUEUE, self._queue
        )
        definition = definition.replace(asl.PARTITION, "aws")
        self._machine = self._states.create_state_machine(name="checkout", definition=definition, roleArn=role)

    @property
    def steps(self) -> list[str]:
        return [event["step"] for event in self.events]

    def invoked(self, event: dict[str, Any]) -> tuple[str, bool, str]:
        """What Lambda would answer: (payload, failed, log)."""
        self.events.append(event)
        refusal = ""
        if errors := self.refuse.get(event["step"]):
            refusal = errors.pop(0)
            if refusal not in CHECKOUT.expected_refusals(StepName(event["step"])):
                return json.dumps({"errorType": refusal, "errorMessage": "told to"}), True, ""
        return json.dumps({"order_id": event["order_id"], "refusal": refusal}), False, ""

    def run(self, order_id: str = ORDER, attempt: int = 1) -> str:
        """The status in which one execution ends."""
        started = self._states.start_execution(
            stateMachineArn=self._machine["stateMachineArn"],
            name=f"{order_id}-{attempt}",
            input=json.dumps({"order_id": order_id}),
        )
        return self.ended(started["executionArn"])

    def ended(self, execution: str | None = None) -> str:
        """The status in which an execution ends: the only one, where none is named."""
        if execution is None:
            (only,) = self._states.list_executions(stateMachineArn=self._machine["stateMachineArn"])["executions"]
            execution = only["executionArn"]
        for _ in range(400):
            status = self._states.describe_execution(executionArn=execution)["status"]
            if status != "RUNNING":
                return status
            time.sleep(0.025)
        raise AssertionError("the execution did not end")

    def fulfillment_messages(self) -> list[dict[str, Any]]:
        received = self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10, WaitTimeSeconds=0)
        return [json.loads(message["Body"]) for message in received.get("Messages", [])]


def _at_once(definition: dict[str, Any]) -> dict[str, Any]:
    """The same definition with retries that do not wait: JSON schema forbids an interval of 0, a rate of 1 does not."""
    for state in definition["States"].values():
        for retry in state.get("Retry", []):
            if retry.get("MaxAttempts"):
                retry |= {"IntervalSeconds": 1, "BackoffRate": 1.0, "MaxAttempts": 2, "MaxDelaySeconds": 2}
    return definition


@pytest.fixture
def workflow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Workflow]:
    monkeypatch.setitem(default_user_config, "stepfunctions", {"execute_state_machine": True})
    monkeypatch.setitem(default_user_config, "iam", {"load_aws_managed_policies": False})
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        deployed = Workflow()
        monkeypatch.setattr(LambdaFunction, "_invoke_lambda", lambda _self, event: deployed.invoked(event))
        yield deployed


def test_an_order_goes_through_every_step_and_on_to_fulfillment(workflow: Workflow) -> None:
    assert workflow.run() == "SUCCEEDED"
    assert workflow.steps == FORWARD
    assert workflow.fulfillment_messages() == [{"order_id": ORDER, "execution": {"order_id": ORDER}}]


def test_a_refused_order_gives_its_stock_back_and_its_bank_is_asked_for_nothing(workflow: Workflow) -> None:
    workflow.refuse["score"] = ["FraudRefused"]
    assert workflow.run() == "SUCCEEDED"
    assert workflow.steps == ["score", "release_stock", "fail_order"]
    assert workflow.events[-1]["error"] == "FraudRefused"
    assert workflow.fulfillment_messages() == []


def test_a_declined_card_gives_the_reservation_back_and_fails_the_order_without_a_retry(workflow: Workflow) -> None:
    workflow.refuse["authorize"] = ["PaymentDeclined"]
    assert workflow.run() == "SUCCEEDED"
    assert workflow.steps == ["score", "authorize", "release_stock", "fail_order"]
    assert workflow.events[-1]["error"] == "PaymentDeclined"
    assert workflow.fulfillment_messages() == []


def test_a_sold_out_item_cancels_the_authorization_before_it_gives_back_the_stock(workflow: Workflow) -> None:
    workflow.refuse["confirm_stock"] = ["SoldOut"]
    assert workflow.run() == "SUCCEEDED"
    assert workflow.steps == ["score", "authorize", "confirm_stock", *UNDO]
    assert workflow.events[-1]["error"] == "SoldOut"


@pytest.mark.parametrize("refusal", ["AuthenticationRequired", "AuthenticationFailed", "OrderStopped"])
def test_a_payment_that_was_not_authenticated_or_is_not_wanted_any_more_is_canceled(
    workflow: Workflow, refusal: str
) -> None:
    workflow.refuse["authorize"] = [refusal]
    assert workflow.run() == "SUCCEEDED"
    assert workflow.steps == ["score", "authorize", *UNDO]


def test_an_order_that_waits_ends_the_execution_and_undoes_nothing(workflow: Workflow) -> None:
    workflow.refuse["authorize"] = ["OrderWaits"]
    assert workflow.run() == "SUCCEEDED"
    assert workflow.steps == ["score", "authorize"]
    assert workflow.fulfillment_messages() == []


def test_a_payment_that_the_processor_will_never_make_is_undone_without_a_retry(workflow: Workflow) -> None:
    workflow.refuse["authorize"] = ["PaymentRefused"]
    assert workflow.run() == "SUCCEEDED"
    assert workflow.steps == ["score", "authorize", *UNDO]
    assert workflow.events[-1]["error"] == "PaymentRefused"


def test_a_passing_fault_is_retried(workflow: Workflow) -> None:
    workflow.refuse["confirm_stock"] = ["ConnectionDoesNotExistError"]
    assert workflow.run() == "SUCCEEDED"
    assert workflow.steps == ["score", "authorize", "confirm_stock", *FORWARD[2:]]


def test_a_busy_lambda_does_not_use_up_the_retries_of_a_fault(workflow: Workflow) -> None:
    workflow.refuse["authorize"] = ["Lambda.TooManyRequestsException"] * 2 + ["APIConnectionError"] * 2
    assert workflow.run() == "SUCCEEDED"
    assert workflow.steps == ["score"] + ["authorize"] * 4 + FORWARD[1:]


@pytest.mark.parametrize("refusal", ["PaymentDeclined", "AuthenticationRequired"])
def test_a_card_that_is_refused_at_the_capture_undoes_the_order_without_a_retry(
    workflow: Workflow, refusal: str
) -> None:
    workflow.refuse["capture"] = [refusal]
    assert workflow.run() == "SUCCEEDED"
    assert workflow.steps == [*FORWARD[:4], *UNDO]
    assert workflow.events[-1]["error"] == refusal


def test_a_lasting_fault_before_the_money_moved_undoes_the_order(workflow: Workflow) -> None:
    workflow.refuse["authorize"] = ["APIConnectionError"] * 3
    assert workflow.run() == "SUCCEEDED"
    assert workflow.steps == ["score"] + ["authorize"] * 3 + UNDO


def test_a_lasting_fault_after_the_capture_fails_the_execution_and_undoes_nothing(workflow: Workflow) -> None:
    workflow.refuse["record_split"] = ["ConnectionDoesNotExistError"] * 3
    assert workflow.run() == "FAILED"
    assert workflow.steps == [*FORWARD, "record_split", "record_split"]
    assert workflow.fulfillment_messages() == []
