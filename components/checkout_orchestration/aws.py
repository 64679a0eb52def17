"""Checkout Orchestration on AWS: a Step Functions state machine."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pulumi
import pulumi_aws as aws

from components.aws.foundation import AwsFoundation
from components.aws.grant import Grant
from components.aws.identity import Identity
from components.aws.logs import log_group
from components.aws.narrow import on_aws
from components.aws.policy import Statement, sid
from components.aws.signal import Signal, Watched
from components.checkout_orchestration import CheckoutOrchestration as CheckoutOrchestrationContract
from components.checkout_orchestration import CheckoutOrchestrationArgs, CheckoutOrchestrationEnvironment
from components.errors import ComponentError
from components.event_function.aws import EventFunction
from components.fulfillment_queue.aws import FulfillmentQueue
from components.link import Access, invokes, publishes
from components.secrets_management.aws import Secrets

DEFINITION: Final = "aws.asl.json"


class CheckoutOrchestration(CheckoutOrchestrationContract, Watched):
    """Creates the state machine with its role, its log of failures, and traces.

    STANDARD, not EXPRESS: an execution is remembered for 90 days under its name, so an order's saga cannot run twice.
    """

    ENGINE = "step-functions"

    def __init__(
        self,
        name: str,
        foundation: AwsFoundation,
        args: CheckoutOrchestrationArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        links = [invokes(args.saga), publishes(args.fulfillment)]
        super().__init__(name, foundation, links=links, opts=opts)
        secrets = on_aws(args.secrets, Secrets)
        # Under /aws/vendedlogs the service does not run into the size limit of the log resource policy.
        logs = log_group(self, name, f"/aws/vendedlogs/states/{foundation.prefix}-{name}", secrets.key_arn)
        identity = Identity(self, foundation, service="states.amazonaws.com")
        identity.grant(links, _runtime())
        definition = substituted(
            args.definitions / DEFINITION,
            {
                "partition": foundation.partition,
                "saga_function_arn": on_aws(args.saga, EventFunction).lambda_function.arn,
                "fulfillment_queue_url": on_aws(args.fulfillment, FulfillmentQueue).queue.url,
            },
        )
        self.machine = aws.sfn.StateMachine(
            name,
            type="STANDARD",
            definition=definition,
            role_arn=identity.role_arn,
            logging_configuration={
                "level": "ERROR",
                # Input and output of a state hold an order's id and nothing of a card.
                "include_execution_data": True,
                "log_destination": pulumi.Output.concat(logs.arn, ":*"),
            },
            tracing_configuration={"enabled": True},
            opts=self.child(depends_on=identity.after),
        )
        self.workflow_id = self.machine.arn
        self.signals = _signals(self.machine)
        self.register_outputs({"workflow_id": self.workflow_id})

    def bind(self, workload: str, access: Access) -> Grant:
        """Permission to start executions."""
        return Grant(
            statements=(
                Statement(
                    sid=sid("start", self.name), actions=("states:StartExecution",), resources=(self.machine.arn,)
                ),
            ),
            environment=CheckoutOrchestrationEnvironment(id=self.machine.arn).variables(self.name),
            apis=("states",),
        )


def substituted(definition: Path, values: Mapping[str, pulumi.Input[str]]) -> pulumi.Output[str]:
    """The file's text with each `${placeholder}` replaced; raises `ComponentError` for one without a value."""
    if not definition.is_file():
        raise ComponentError(
            f"There is no workflow definition at {definition}.", next_step="Render it: python -m functions.checkout.asl"
        )
    parts: list[pulumi.Input[str]] = []
    for index, part in enumerate(re.split(r"\$\{(\w+)\}", definition.read_text())):
        if index % 2 == 0:
            parts.append(part)
        elif part in values:
            parts.append(values[part])
        else:
            raise ComponentError(f"{definition} contains ${{{part}}}, and the stack has no value for it.")
    return pulumi.Output.concat(*parts)


def _runtime() -> Grant:
    """Delivery of logs and traces, which take no resource."""
    return Grant(
        statements=(
            Statement(
                sid="DeliverLogs",
                actions=(
                    "logs:CreateLogDelivery",
                    "logs:DeleteLogDelivery",
                    "logs:DescribeLogGroups",
                    "logs:DescribeResourcePolicies",
                    "logs:GetLogDelivery",
                    "logs:ListLogDeliveries",
                    "logs:PutResourcePolicy",
                    "logs:UpdateLogDelivery",
                ),
                resources=("*",),
            ),
            Statement(
                sid="WriteTraces",
                actions=(
                    "xray:GetSamplingRules",
                    "xray:GetSamplingTargets",
                    "xray:PutTelemetryRecords",
                    "xray:PutTraceSegments",
                ),
                resources=("*",),
            ),
        )
    )


def _signals(machine: aws.sfn.StateMachine) -> tuple[Signal, ...]:
    dimensions = {"StateMachineArn": machine.arn}
    return (
        Signal(
            name="failures",
            meaning="A checkout neither finished nor was undone: find the execution of that order.",
            namespace="AWS/States",
            metric="ExecutionsFailed",
            dimensions=dimensions,
            threshold=1,
        ),
        Signal(
            name="timeouts",
            meaning="A checkout ran out of time in the middle: find the execution of that order.",
            namespace="AWS/States",
            metric="ExecutionsTimedOut",
            dimensions=dimensions,
            threshold=1,
        ),
    )
