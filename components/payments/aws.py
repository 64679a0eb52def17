"""Payments on AWS: the Stripe secret in Secrets Manager."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from components.aws.foundation import AwsFoundation
from components.aws.grant import Grant
from components.aws.narrow import on_aws
from components.aws.peer import INTERNET
from components.aws.policy import Statement, policy, sid, tls_only
from components.link import Access
from components.payments import Payments as PaymentsContract
from components.payments import PaymentsArgs, PaymentsEnvironment
from components.secrets_management.aws import Secrets


class Payments(PaymentsContract):
    """Creates the secret and its TLS-only policy; its value is never in the program nor in Pulumi's state."""

    ENGINE = "stripe-connect"

    def __init__(
        self, name: str, foundation: AwsFoundation, args: PaymentsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, foundation, opts=opts)
        self._secrets = on_aws(args.secrets, Secrets)
        self.secret = aws.secretsmanager.Secret(
            name,
            description='Stripe: {"api_key": "...", "webhook_secret": "..."}',
            kms_key_id=self._secrets.key_arn,
            recovery_window_in_days=foundation.profile.recovery_days,
            opts=self.guarded(),
        )
        self.secret_id = self.secret.arn
        aws.secretsmanager.SecretPolicy(
            name,
            secret_arn=self.secret.arn,
            block_public_policy=True,
            # In a secret's own policy `*` means this secret.
            policy=policy(tls_only("*", "secretsmanager:*")),
            opts=self.child(),
        )
        self.register_outputs({"secret_id": self.secret_id})

    def bind(self, workload: str, access: Access) -> Grant:
        """Permission to read the secret, and the way to Stripe's API, which is outside."""
        return Grant(
            statements=(
                Statement(
                    sid=sid("read", self.name), actions=("secretsmanager:GetSecretValue",), resources=(self.secret.arn,)
                ),
                self._secrets.decrypt("secretsmanager"),
            ),
            environment=PaymentsEnvironment(secret=self.secret.arn).variables(self.name),
            peers=(INTERNET,),
            apis=("secretsmanager",),
        )
