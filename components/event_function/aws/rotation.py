"""A function that gives a secret its new value, called by Secrets Manager when that is due."""

from __future__ import annotations

from typing import Final, Protocol

import pulumi_aws as aws

from components.component import Component

ROTATION_DAYS: Final = 30
SECRETS_MANAGER: Final = "secretsmanager.amazonaws.com"


class Rotated(Protocol):
    """What a function is linked to by `rotates`."""

    @property
    def name(self) -> str: ...
    @property
    def secret(self) -> aws.secretsmanager.Secret: ...


def rotate(owner: Component, target: Rotated, function: aws.lambda_.Function) -> None:
    """Lets Secrets Manager call the function for this secret alone, each month."""
    allowed = aws.lambda_.Permission(
        f"{owner.name}-{target.name}",
        action="lambda:InvokeFunction",
        function=function.name,
        principal=SECRETS_MANAGER,
        source_arn=target.secret.arn,
        opts=owner.child(),
    )
    aws.secretsmanager.SecretRotation(
        f"{owner.name}-{target.name}",
        secret_id=target.secret.id,
        rotation_lambda_arn=function.arn,
        rotation_rules={"automatically_after_days": ROTATION_DAYS},
        # A deployment that also rotated would change what it just declared.
        rotate_immediately=False,
        opts=owner.child(depends_on=[allowed]),
    )
