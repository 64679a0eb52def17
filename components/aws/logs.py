"""Log groups: named after the stack, encrypted, and never kept longer than the profile says."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from components.component import Component


def log_group(owner: Component, name: str, path: str, key_arn: pulumi.Input[str]) -> aws.cloudwatch.LogGroup:
    """The log group `path` as a child of `owner`, encrypted under `key_arn`."""
    return aws.cloudwatch.LogGroup(
        name,
        name=path,
        retention_in_days=owner.foundation.profile.log_retention_days,
        kms_key_id=key_arn,
        opts=owner.child(),
    )
