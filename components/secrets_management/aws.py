"""Secrets Management on AWS: a KMS key for Secrets Manager and everything else that stores data."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from components.aws.foundation import AwsFoundation
from components.aws.names import KEY, fitted
from components.aws.policy import Statement, policy
from components.aws.sizes import key_deletion_days
from components.secrets_management import Secrets as SecretsContract
from components.secrets_management import SecretsArgs


class Secrets(SecretsContract):
    """Creates a rotating KMS key whose policy leaves its use to IAM, and lets CloudWatch encrypt
    logs and alarms, and SES the bounces that it tells."""

    ENGINE = "secrets-manager"

    def __init__(
        self, name: str, foundation: AwsFoundation, args: SecretsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, foundation, opts=opts)
        self._region = foundation.region
        self.key = aws.kms.Key(
            name,
            description=f"Secrets, logs and data at rest of {foundation.prefix}",
            enable_key_rotation=True,
            deletion_window_in_days=key_deletion_days(foundation.profile),
            policy=_key_policy(foundation),
            # What a deleted database leaves behind can be read as long as its key is there.
            opts=self.guarded(retain_on_delete=True if foundation.profile.keep_backups else None),
        )
        alias = f"alias/{fitted(KEY, foundation.prefix)}"
        aws.kms.Alias(name, name=alias, target_key_id=self.key.key_id, opts=self.child())
        self.key_arn: pulumi.Output[str] = self.key.arn
        self.register_outputs({"key_arn": self.key_arn})

    def decrypt(self, service: str) -> Statement:
        """Lets a workload decrypt under the key, through `service` (`secretsmanager`) and no other way."""
        return Statement(
            sid=f"Decrypt{service.capitalize()}",
            actions=("kms:Decrypt",),
            resources=(self.key_arn,),
            conditions={"StringEquals": {"kms:ViaService": f"{service}.{self._region}.amazonaws.com"}},
        )

    def encrypt(self, service: str) -> Statement:
        """Lets a workload encrypt data keys under the key, and decrypt them again, through `service` (`sns`) only."""
        return Statement(
            sid=f"Encrypt{service.capitalize()}",
            actions=("kms:Decrypt", "kms:GenerateDataKey"),
            resources=(self.key_arn,),
            conditions={"StringEquals": {"kms:ViaService": f"{service}.{self._region}.amazonaws.com"}},
        )


def _key_policy(account: AwsFoundation) -> pulumi.Output[str]:
    """In a key's own policy `*` means this key."""
    return policy(
        Statement(sid="Account", principal={"AWS": account.root}, actions=("kms:*",), resources=("*",)),
        Statement(
            sid="Logs",
            principal={"Service": f"logs.{account.region}.amazonaws.com"},
            actions=("kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"),
            resources=("*",),
            conditions={
                "ArnLike": {"kms:EncryptionContext:aws:logs:arn": account.arn("logs", "log-group:*")},
            },
        ),
        Statement(
            sid="Alarms",
            principal={"Service": "cloudwatch.amazonaws.com"},
            actions=("kms:Decrypt", "kms:GenerateDataKey*"),
            resources=("*",),
            conditions={"StringEquals": {"aws:SourceAccount": account.account_id}},
        ),
        # Without it SES drops what it has to tell an encrypted topic, and says nothing.
        Statement(
            sid="Bounces",
            principal={"Service": "ses.amazonaws.com"},
            actions=("kms:Decrypt", "kms:GenerateDataKey*"),
            resources=("*",),
            conditions={"StringEquals": {"aws:SourceAccount": account.account_id}},
        ),
    )
