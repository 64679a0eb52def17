"""The body of every Lambda: the one image, started at a handler."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import pulumi
import pulumi_aws as aws

from components.aws.foundation import AwsFoundation
from components.aws.grant import Grant
from components.aws.identity import Identity
from components.aws.logs import log_group
from components.aws.policy import Statement
from components.aws.signal import Signal
from components.component import Component
from components.errors import ComponentError
from components.link import Link
from components.network.aws import Network
from components.secrets_management.aws import Secrets
from components.workload import Handler

ENTRY_POINT: Final = "aws.handler"
"""Module and function in the package of every handler."""
LONGEST_SECONDS: Final = 900
"""Lambda's longest time-out."""
OFTEN: Final = 5
"""Failures in five minutes from which on a function that works all the time has its alarm. One that runs once in a
while would never fail so often: its first failure is told."""


class ImageFunction:
    """Creates the function with its role, log group and security group, as children of `owner`.

    Every function is in the private subnets: each of them reaches the order database.
    """

    def __init__(
        self,
        owner: Component,
        account: AwsFoundation,
        *,
        workload: Handler,
        image: str,
        network: Network,
        secrets: Secrets,
        environment: Mapping[str, str],
        links: Sequence[Link],
        grants: Sequence[Grant] = (),
        reserved_concurrency: int | None = None,
        seldom: bool = False,
    ) -> None:
        """`grants` are what its triggers need besides its links. `reserved_concurrency` is how many instances may run
        at once; `None` leaves that to the account's limit. `seldom` says that a clock, a rotation or a deployment
        calls it: a run that fails is not one of many.

        Raises `ComponentError` for a time-out that Lambda does not have.
        """
        if not 1 <= workload.timeout_seconds <= LONGEST_SECONDS:
            raise ComponentError(
                f"{workload.name}: timeout_seconds is {workload.timeout_seconds}; a Lambda has 1 to {LONGEST_SECONDS}."
            )
        entry_point = f"{workload.package}.{ENTRY_POINT}"
        logs = log_group(owner, owner.name, f"/{account.prefix}/{owner.name}", secrets.key_arn)
        self.identity = Identity(owner, account, service="lambda.amazonaws.com", network=network, confused_deputy=False)
        self.identity.grant(links, _runtime(account, logs), *grants)
        self.function = aws.lambda_.Function(
            owner.name,
            description=f"{workload.package} of {account.prefix}",
            package_type="Image",
            image_uri=image,
            image_config={"entry_points": ["python", "-m", "awslambdaric"], "commands": [entry_point]},
            architectures=["arm64"],
            role=self.identity.role_arn,
            memory_size=workload.memory_mib,
            timeout=workload.timeout_seconds,
            reserved_concurrent_executions=reserved_concurrency,
            environment={
                "variables": {
                    "CLOUD": account.cloud,
                    "POWERTOOLS_METRICS_NAMESPACE": account.prefix,
                    "POWERTOOLS_SERVICE_NAME": workload.name,
                    "SERVICE_NAME": workload.name,
                    **environment,
                    **self.identity.environment,
                }
            },
            vpc_config={
                "subnet_ids": network.private_subnet_ids,
                "security_group_ids": [self.identity.security_group_id],
            },
            # Text passes lines through as they are: the code writes JSON itself, with its own level.
            logging_config={"log_format": "Text", "log_group": logs.name},
            tracing_config={"mode": "Active"},
            opts=owner.child(depends_on=[logs, *self.identity.after, *network.ready]),
        )
        self.signals = (*_signals(self.function, failures=1 if seldom else OFTEN), *_figures(account, workload))


def _runtime(account: AwsFoundation, logs: aws.cloudwatch.LogGroup) -> Grant:
    """What Lambda itself does with the role: write logs and traces, and put the function into the network."""
    return Grant(
        statements=(
            Statement(
                sid="WriteLogs",
                actions=("logs:CreateLogStream", "logs:PutLogEvents"),
                resources=(pulumi.Output.concat(logs.arn, ":*"),),
            ),
            # Traces and the descriptions of network parts take no resource.
            Statement(
                sid="WriteTraces",
                actions=("xray:PutTelemetryRecords", "xray:PutTraceSegments"),
                resources=("*",),
            ),
            Statement(
                sid="DescribeNetwork",
                actions=(
                    "ec2:DescribeNetworkInterfaces",
                    "ec2:DescribeSecurityGroups",
                    "ec2:DescribeSubnets",
                    "ec2:DescribeVpcs",
                ),
                resources=("*",),
            ),
            # Lambda checks these against every resource of the account before it attaches a function to a network:
            # https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
            Statement(
                sid="AttachNetwork",
                actions=(
                    "ec2:AssignPrivateIpAddresses",
                    "ec2:CreateNetworkInterface",
                    "ec2:DeleteNetworkInterface",
                    "ec2:UnassignPrivateIpAddresses",
                ),
                resources=(account.arn("ec2", "*/*"),),
            ),
            # The role is also the code's, which has no business with the network:
            # https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-best-practice-security
            Statement(
                sid="DenyNetworkToCode",
                effect="Deny",
                actions=(
                    "ec2:AssignPrivateIpAddresses",
                    "ec2:CreateNetworkInterface",
                    "ec2:DeleteNetworkInterface",
                    "ec2:DescribeNetworkInterfaces",
                    "ec2:DescribeSecurityGroups",
                    "ec2:DescribeSubnets",
                    "ec2:DescribeVpcs",
                    "ec2:DetachNetworkInterface",
                    "ec2:UnassignPrivateIpAddresses",
                ),
                resources=("*",),
                conditions={"ArnLike": {"lambda:SourceFunctionArn": account.arn("lambda", "function:*")}},
            ),
        )
    )


def _figures(account: AwsFoundation, workload: Handler) -> tuple[Signal, ...]:
    """Metrics of the stack's own namespace: several stacks of an account must not be added up."""
    return tuple(
        Signal(
            name=figure.alarm or figure.name,
            meaning=figure.meaning,
            namespace=account.prefix,
            metric=figure.name,
            dimensions={"service": workload.name},
            statistic="Maximum" if figure.latest else "Sum",
            threshold=figure.limit,
            period_seconds=300,
        )
        for figure in workload.figures
    )


def _signals(function: aws.lambda_.Function, *, failures: int) -> tuple[Signal, ...]:
    dimensions = {"FunctionName": function.name}
    return (
        Signal(
            name="errors",
            meaning="The function fails: read its log group.",
            namespace="AWS/Lambda",
            metric="Errors",
            dimensions=dimensions,
            threshold=failures,
            period_seconds=300,
        ),
        Signal(
            name="throttles",
            meaning="The function is called more often than the account lets it run.",
            namespace="AWS/Lambda",
            metric="Throttles",
            dimensions=dimensions,
            threshold=5,
            period_seconds=300,
        ),
    )
