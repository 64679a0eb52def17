"""The task definition of a container service: what runs, as whom, and with which environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pulumi
import pulumi_aws as aws

from components.aws.foundation import AwsFoundation
from components.aws.identity import Identity
from components.aws.image import pull
from components.aws.names import TASK, fitted
from components.aws.policy import Statement, policy, trust
from components.aws.sizes import task
from components.component import Component
from components.workload import Service

USER: Final = "10001:10001"
"""The image's user, numeric so that ECS can see that it is not root."""
STOP_SECONDS: Final = 30


def task_definition(
    owner: Component,
    account: AwsFoundation,
    *,
    workload: Service,
    image: str,
    logs: aws.cloudwatch.LogGroup,
    identity: Identity,
    environment: Mapping[str, str],
) -> aws.ecs.TaskDefinition:
    """One container on ARM64, with a read-only file system but for `/tmp`.

    ECS itself pulls the image and writes the logs under the execution role; the code runs under the task role,
    which has what the links gave it and nothing else.
    """
    variables: dict[str, pulumi.Input[str]] = {
        "AWS_REGION": account.region,
        "CLOUD": account.cloud,
        "PORT": str(workload.port),
        "SERVICE_NAME": workload.name,
        **environment,
        **identity.environment,
    }
    cpu, memory = task(account.profile, workload.cores, workload.memory_mib)
    execution, pulls = _execution_role(owner, account, image=image, logs=logs)
    container = {
        "name": owner.name,
        "image": image,
        "essential": True,
        "command": workload.command,
        "user": USER,
        "readonlyRootFilesystem": True,
        "mountPoints": [{"sourceVolume": "tmp", "containerPath": "/tmp", "readOnly": False}],  # noqa: S108
        "linuxParameters": {"initProcessEnabled": True},
        "portMappings": [{"containerPort": workload.port, "protocol": "tcp"}],
        "environment": [{"name": key, "value": variables[key]} for key in sorted(variables)],
        "stopTimeout": STOP_SECONDS,
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": logs.name,
                "awslogs-region": account.region,
                "awslogs-stream-prefix": workload.name,
                # A container must not stand still because its logs cannot be delivered.
                "mode": "non-blocking",
                "max-buffer-size": "25m",
            },
        },
    }
    return aws.ecs.TaskDefinition(
        owner.name,
        family=fitted(TASK, account.prefix, owner.name),
        requires_compatibilities=["FARGATE"],
        network_mode="awsvpc",
        runtime_platform={"cpu_architecture": "ARM64", "operating_system_family": "LINUX"},
        cpu=cpu,
        memory=memory,
        execution_role_arn=execution.arn,
        task_role_arn=identity.role_arn,
        container_definitions=pulumi.Output.json_dumps([container]),
        volumes=[{"name": "tmp"}],
        opts=owner.child(depends_on=[pulls]),
    )


def _execution_role(
    owner: Component, account: AwsFoundation, *, image: str, logs: aws.cloudwatch.LogGroup
) -> tuple[aws.iam.Role, aws.iam.RolePolicy]:
    """The role and what it allows, without which no container starts."""
    name = f"{owner.name}-execution"
    role = aws.iam.Role(
        name,
        description=f"Starts the containers of {owner.name}",
        assume_role_policy=trust("ecs-tasks.amazonaws.com", account),
        opts=owner.child(),
    )
    allowed = aws.iam.RolePolicy(
        name,
        role=role.name,
        policy=policy(
            Statement(
                sid="WriteLogs",
                actions=("logs:CreateLogStream", "logs:PutLogEvents"),
                resources=(pulumi.Output.concat(logs.arn, ":*"),),
            ),
            *pull(image, account),
        ),
        opts=owner.child(),
    )
    return role, allowed
