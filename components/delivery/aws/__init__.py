"""Delivery on AWS: GitHub's tokens, by OpenID Connect, for two roles and a boundary.

A deployment must be able to make roles, and who makes roles can give itself anything. So the deploying role makes only
roles that carry the boundary, which it can neither change nor take off.

Why tokens have two forms of subject: https://github.com/aws-actions/configure-aws-credentials/issues/1888
"""

from __future__ import annotations

from typing import Final

import pulumi
import pulumi_aws as aws

from components.aws.foundation import EDGE_REGION, AwsFoundation
from components.aws.narrow import on_aws
from components.aws.policy import Statement, policy
from components.delivery import Delivery as DeliveryContract
from components.delivery import DeliveryArgs
from components.delivery.aws.rights import (
    DATA,
    DEPLOYS,
    GLOBAL,
    LINKED,
    NEVER_OF_A_WORKLOAD,
    PASSED_TO,
    PUSHES,
    READ_BY_THE_PROGRAM,
    READS,
    ROLE_KEEPING,
    ROLES,
)
from components.image_registry.aws import ImageRegistry

ISSUER: Final = "token.actions.githubusercontent.com"
AUDIENCE: Final = "sts.amazonaws.com"
SECONDS: Final = 3_600


class Delivery(DeliveryContract):
    """Creates the identity provider, the boundary, and the roles of preview and deployment."""

    def __init__(
        self, name: str, foundation: AwsFoundation, args: DeliveryArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, foundation, opts=opts)
        self._account = foundation
        self._github = aws.iam.OpenIdConnectProvider(
            name, url=f"https://{ISSUER}", client_id_lists=[AUDIENCE], opts=self.guarded()
        )
        boundary = aws.iam.Policy(
            f"{name}-workloads",
            description="The most that a workload may do",
            policy=policy(
                Statement(sid="Anything", actions=("*",), resources=("*",)),
                Statement(sid="ButNotThis", effect="Deny", actions=NEVER_OF_A_WORKLOAD, resources=("*",)),
            ),
            opts=self.guarded(),
        )
        self.boundary = boundary.arn
        preview = self._role(
            "preview", args.repository.subjects("pull_request"), "Reads what a pull request is compared with"
        )
        deploy = self._role(
            "deploy", args.repository.subjects(f"environment:{args.environment}"), "Deploys stacks of the marketplace"
        )
        self._permit("preview", preview, self._preview())
        registry = on_aws(args.registry, ImageRegistry)
        self._permit("deploy", deploy, self._deploy(registry.repository.arn, [preview.arn, deploy.arn]))
        self.preview_role, self.deploy_role = preview.arn, deploy.arn
        self.register_outputs({"preview_role": self.preview_role, "deploy_role": self.deploy_role})

    def _role(self, what: str, subjects: tuple[str, ...], description: str) -> aws.iam.Role:
        return aws.iam.Role(
            f"{self.name}-{what}",
            description=description,
            max_session_duration=SECONDS,
            assume_role_policy=pulumi.Output.json_dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Federated": self._github.arn},
                            "Action": "sts:AssumeRoleWithWebIdentity",
                            # Exact: a pattern would let in branches and repositories that somebody else can name.
                            "Condition": {"StringEquals": {f"{ISSUER}:aud": AUDIENCE, f"{ISSUER}:sub": list(subjects)}},
                        }
                    ],
                }
            ),
            opts=self.child(),
        )

    def _permit(self, what: str, role: aws.iam.Role, statements: tuple[Statement, ...]) -> None:
        aws.iam.RolePolicy(f"{self.name}-{what}", role=role.name, policy=policy(*statements), opts=self.child())

    def _deploy(self, repository: pulumi.Input[str], own_roles: list[pulumi.Input[str]]) -> tuple[Statement, ...]:
        roles = pulumi.Output.concat(f"arn:{self._account.partition}:iam::", self._account.account_id, ":role/*")
        regional = tuple(action for action in DEPLOYS if action not in GLOBAL and not action.startswith("sts:"))
        return (
            Statement(
                sid="Regional",
                actions=regional,
                resources=("*",),
                conditions={"StringEquals": {"aws:RequestedRegion": sorted({self._account.region, EDGE_REGION})}},
            ),
            Statement(
                sid="Global",
                actions=tuple(action for action in DEPLOYS if action not in regional),
                resources=("*",),
            ),
            Statement(
                sid="RolesWithinTheBoundary",
                actions=ROLES,
                resources=(roles,),
                conditions={"StringEquals": {"iam:PermissionsBoundary": self.boundary}},
            ),
            Statement(sid="KeepRoles", actions=ROLE_KEEPING, resources=(roles,)),
            Statement(
                sid="PassRoles",
                actions=("iam:PassRole",),
                resources=(roles,),
                conditions={"StringEquals": {"iam:PassedToService": list(PASSED_TO)}},
            ),
            Statement(
                sid="RolesOfServices",
                actions=("iam:CreateServiceLinkedRole",),
                resources=(
                    pulumi.Output.concat(
                        f"arn:{self._account.partition}:iam::", self._account.account_id, ":role/aws-service-role/*"
                    ),
                ),
                conditions={"StringEquals": {"iam:AWSServiceName": list(LINKED)}},
            ),
            Statement(sid="RegistryToken", actions=("ecr:GetAuthorizationToken",), resources=("*",)),
            Statement(sid="PushImages", actions=PUSHES, resources=(repository,)),
            # The pipeline does not change what it may do itself.
            Statement(
                sid="NotItself",
                effect="Deny",
                actions=("iam:*",),
                resources=(*own_roles, self._github.arn, self.boundary),
            ),
            Statement(
                sid="KeepTheBoundary", effect="Deny", actions=("iam:DeleteRolePermissionsBoundary",), resources=("*",)
            ),
        )

    def _preview(self) -> tuple[Statement, ...]:
        read = self._account.arn("secretsmanager", "secret:", READ_BY_THE_PROGRAM, "-*")
        # What the secret is encrypted for is in its key's context, so the key opens this secret and nothing else.
        encrypted = "kms:EncryptionContext:SecretARN"
        by_secrets_manager = {"kms:ViaService": f"secretsmanager.{self._account.region}.amazonaws.com"}
        return (
            Statement(sid="ReadDescriptions", actions=READS, resources=("*",)),
            Statement(sid="ReadTheEdgesKey", actions=("secretsmanager:GetSecretValue",), resources=(read,)),
            Statement(
                sid="DecryptTheEdgesKey",
                actions=("kms:Decrypt",),
                resources=("*",),
                conditions={"StringEquals": by_secrets_manager, "StringLike": {encrypted: read}},
            ),
            Statement(sid="NoData", effect="Deny", actions=DATA, resources=("*",)),
            # Where the request names no secret by its ARN, the conditions hold too, and refuse.
            Statement(
                sid="NoOtherSecret",
                effect="Deny",
                actions=("secretsmanager:GetSecretValue",),
                resources=("*",),
                conditions={"StringNotLike": {"secretsmanager:SecretId": read}},
            ),
            Statement(
                sid="NothingElseDecrypted",
                effect="Deny",
                actions=("kms:Decrypt",),
                resources=("*",),
                conditions={"StringNotLike": {encrypted: read}},
            ),
        )
