"""Payments on AWS: the Stripe secret in Secrets Manager."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from components.aws.foundation import AwsFoundation
from components.aws.grant import INTERNET, Grant, Linkable, environment_prefix
from components.aws.identity import Identity
from components.aws.narrow import on_aws
from components.aws.policy import Statement, policy, sid, tls_only
from components.link import Access
from components.payments import Payments as PaymentsContract
from components.payments import PaymentsArgs
from components.secrets_management.aws import Secrets


class Payments(PaymentsContract, Linkable):
    """Creates the secret and its TLS-only policy; its value is never in the program nor in Pulumi's state."""

    ENGINE = "stripe-connect"
    OFFERS = (Access.READS_SECRET,)

    def __init__(
        self, name: str, foundation: AwsFoundation, args: PaymentsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, foundation, opts=opts)
        self._region = foundation.region
        self._secrets = on_aws(args.secrets, Secrets)
        self.secret = aws.secretsmanager.Secret(
            name,
            description='Stripe: {"api_key": "...", "webhook_secret": "..."}',
            kms_key_id=self._secrets.key_arn,
            recovery_window_in_days=foundation.profile.secret_recovery_days,
            opts=self.guarded(),
        )
        self.secret_arn = self.secret.arn
        aws.secretsmanager.SecretPolicy(
            name,
            secret_arn=self.secret_arn,
            block_public_policy=True,
            # In a secret's own policy `*` means this secret.
            policy=policy(tls_only("*", "secretsmanager:*")),
            opts=self.child(),
        )
        self.register_outputs({"secret_arn": self.secret_arn})

    def bind(self, identity: Identity, access: Access) -> Grant:
        """Leave to read the secret, and the way to Stripe's API, which is outside."""
        endpoints = (identity.network.endpoints.interface("secretsmanager"),) if identity.network else ()
        return Grant(
            statements=(
                Statement(
                    sid=sid("read", self.name), actions=("secretsmanager:GetSecretValue",), resources=(self.secret_arn,)
                ),
                self._secrets.decrypt("secretsmanager", self._region),
            ),
            environment={f"{environment_prefix(self.name)}_SECRET_ARN": self.secret_arn},
            peers=(INTERNET, *endpoints),
        )
