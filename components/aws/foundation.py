"""The AWS account and region that a stack stands on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from components.aws.names import plain
from components.aws.settings import AwsSettings
from components.aws.zones import Zone
from components.foundation import Engines, Foundation
from components.profile import Profile

EDGE_REGION: Final = "us-east-1"
"""Where CloudFront's firewall, certificates, logs and metrics are, wherever the stack is. Each such resource says so:
the provider reaches every region."""
ROLE: Final = "aws:iam/role:Role"


@dataclass(frozen=True, kw_only=True)
class AwsFoundation(Foundation):
    """A foundation with what ARNs are made of, and the zones of the network."""

    region: str
    account_id: pulumi.Output[str]
    zones: tuple[Zone, ...]
    """Zones the network may use, most important first."""
    aurora_version: str
    certificate_arn: str | None
    """Certificate of the marketplace's own name."""
    shield_advanced: bool
    personalize: bool
    """Whether the price of Personalize is accepted."""
    personalize_version: str | None
    """The trained solution version that a campaign answers from."""
    tags: Mapping[str, str]
    """What every resource carries."""
    ses_identity: str | None
    """Identity of SES that mails are sent under; `None` for the domain of their sender."""

    @property
    def partition(self) -> str:
        """`aws`, or the partition of the China and GovCloud regions."""
        if self.region.startswith("cn-"):
            return "aws-cn"
        return "aws-us-gov" if self.region.startswith("us-gov-") else "aws"

    def arn(self, service: str, *resource: pulumi.Input[str]) -> pulumi.Output[str]:
        """ARN of a resource of this account and region; the parts of `resource` are joined as they are."""
        return pulumi.Output.concat(f"arn:{self.partition}:{service}:{self.region}:", self.account_id, ":", *resource)

    @property
    def root(self) -> pulumi.Output[str]:
        """The account itself as a principal."""
        return pulumi.Output.concat(f"arn:{self.partition}:iam::", self.account_id, ":root")


def foundation(
    settings: AwsSettings,
    *,
    prefix: str,
    profile: Profile,
    tags: Mapping[str, str],
    engines: Engines,
    boundary: pulumi.Output[str] | None = None,
) -> AwsFoundation:
    """The explicit provider of the stack, with its default tags, and the account it reaches.

    Where the settings name an account, the provider refuses to touch any other. With a `boundary` every role of the
    stack carries it: the pipeline's role may make no other.
    """
    if boundary is not None:
        pulumi.runtime.register_resource_transform(lambda resource: _bounded(resource, boundary))
    provider = aws.Provider(
        "aws",
        region=settings.region,
        allowed_account_ids=[settings.account_id] if settings.account_id else None,
        default_tags={"tags": tags},
    )
    caller = aws.get_caller_identity_output(opts=pulumi.InvokeOutputOptions(provider=provider))
    return AwsFoundation(
        cloud=settings.CLOUD,
        prefix=plain(prefix),
        profile=profile,
        provider=provider,
        engines=engines,
        region=settings.region,
        account_id=caller.account_id,
        zones=settings.zones,
        aurora_version=settings.aurora_version,
        certificate_arn=settings.certificate_arn,
        shield_advanced=settings.shield_advanced is not None,
        personalize=settings.personalize is not None,
        personalize_version=settings.personalize_solution_version,
        tags=tags,
        ses_identity=settings.ses_identity,
    )


def _bounded(
    resource: pulumi.ResourceTransformArgs, boundary: pulumi.Output[str]
) -> pulumi.ResourceTransformResult | None:
    if resource.type_ != ROLE:
        return None
    return pulumi.ResourceTransformResult({**resource.props, "permissionsBoundary": boundary}, resource.opts)
