"""Flow logs: a record of which connections a network accepted and rejected."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from components.aws.foundation import AwsFoundation
from components.aws.logs import log_group
from components.aws.policy import Statement, policy, trust
from components.component import Component


def record_flows(owner: Component, account: AwsFoundation, *, vpc: aws.ec2.Vpc, key_arn: pulumi.Input[str]) -> None:
    """Writes the VPC's flows to a log group of their own, by a role that can write only there."""
    logs = log_group(owner, f"{owner.name}-flows", f"/{account.prefix}/network/flows", key_arn)
    role = aws.iam.Role(
        f"{owner.name}-flows",
        description="Writes flow logs",
        assume_role_policy=trust("vpc-flow-logs.amazonaws.com", account),
        opts=owner.child(),
    )
    allowed = aws.iam.RolePolicy(
        f"{owner.name}-flows",
        role=role.name,
        policy=policy(
            Statement(
                sid="WriteFlows",
                actions=("logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"),
                resources=(pulumi.Output.concat(logs.arn, ":*"),),
            ),
            # Listing log groups has no resource to name.
            Statement(sid="FindGroup", actions=("logs:DescribeLogGroups",), resources=("*",)),
        ),
        opts=owner.child(),
    )
    aws.ec2.FlowLog(
        f"{owner.name}-flows",
        vpc_id=vpc.id,
        traffic_type="ALL",
        log_destination_type="cloud-watch-logs",
        log_destination=logs.arn,
        iam_role_arn=role.arn,
        max_aggregation_interval=60,
        opts=owner.child(depends_on=[allowed]),
    )
