"""The edge's key on AWS: a secret whose versions are the values that are valid.

`AWSCURRENT` is what CloudFront sends, `AWSPREVIOUS` what it sent before. The deployment reads both, so that it declares
what a rotation has made of them, and undoes none.
"""

from __future__ import annotations

from typing import Final

import pulumi
import pulumi_aws as aws

from components.aws.foundation import AwsFoundation
from components.aws.narrow import on_aws
from components.aws.policy import policy, tls_only
from components.edge_key import EdgeKey as EdgeKeyContract
from components.edge_key import EdgeKeyArgs
from components.secrets_management.aws import Secrets

LENGTH: Final = 43
"""256 bits in letters and digits."""


class EdgeKey(EdgeKeyContract):
    """Creates the secret and its first two versions, whose random values AWS makes."""

    def __init__(
        self, name: str, foundation: AwsFoundation, args: EdgeKeyArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, foundation, opts=opts)
        self.secrets = on_aws(args.secrets, Secrets)
        self.secret = aws.secretsmanager.Secret(
            name,
            description="What CloudFront sends to the API, and the services' load balancer asks for",
            kms_key_id=self.secrets.key_arn,
            recovery_window_in_days=foundation.profile.recovery_days,
            opts=self.child(),
        )
        aws.secretsmanager.SecretPolicy(
            name,
            secret_arn=self.secret.arn,
            block_public_policy=True,
            policy=policy(tls_only("*", "secretsmanager:*")),
            opts=self.child(),
        )
        first = self._made("first", after=[])
        second = self._made("second", after=[first])
        self.current = self._value("AWSCURRENT", second)
        self.previous = self._value("AWSPREVIOUS", second)
        self.register_outputs({"secret_id": self.secret.arn})

    def _made(self, label: str, after: list[pulumi.Resource]) -> aws.secretsmanager.SecretVersion:
        """The second makes the first `AWSPREVIOUS`. Each run gets another random value, which only the first uses."""
        made = aws.secretsmanager.get_random_password_output(
            password_length=LENGTH,
            exclude_punctuation=True,
            opts=pulumi.InvokeOutputOptions(provider=self.foundation.provider),
        )
        return aws.secretsmanager.SecretVersion(
            f"{self.name}-{label}",
            secret_id=self.secret.id,
            secret_string=pulumi.Output.secret(made.random_password),
            opts=self.child(depends_on=after, ignore_changes=["secretString"]),
        )

    def _value(self, stage: str, after: pulumi.Resource) -> pulumi.Output[str]:
        version = aws.secretsmanager.get_secret_version_output(
            secret_id=self.secret.id,
            version_stage=stage,
            opts=pulumi.InvokeOutputOptions(provider=self.foundation.provider, depends_on=[after]),
        )
        return pulumi.Output.secret(version.secret_string)
