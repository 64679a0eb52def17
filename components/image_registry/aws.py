"""The image registry on AWS: a repository of ECR."""

from __future__ import annotations

import json
from typing import Final

import pulumi
import pulumi_aws as aws

from components.aws.foundation import AwsFoundation
from components.aws.policy import Statement, policy
from components.image_registry import ImageRegistry as ImageRegistryContract
from components.image_registry import ImageRegistryArgs

LEFTOVER_DAYS: Final = 14
"""How long an image without a tag stays: what a push that was broken off left."""


class ImageRegistry(ImageRegistryContract):
    """Creates the repository with its life cycle and its policy.

    No image with a tag expires: a deployed one that is gone stops the next deployment, and every task that has to be
    started again.
    """

    def __init__(
        self,
        name: str,
        foundation: AwsFoundation,
        args: ImageRegistryArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, foundation, opts=opts)
        self.repository = aws.ecr.Repository(
            name,
            name=args.repository,
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration={"scan_on_push": True},
            encryption_configurations=[{"encryption_type": "AES256"}],
            force_delete=False,
            opts=self.guarded(),
        )
        rule = {
            "rulePriority": 1,
            "description": "Leftovers of pushes",
            "selection": {
                "tagStatus": "untagged",
                "countType": "sinceImagePushed",
                "countUnit": "days",
                "countNumber": LEFTOVER_DAYS,
            },
            "action": {"type": "expire"},
        }
        aws.ecr.LifecyclePolicy(
            name, repository=self.repository.name, policy=json.dumps({"rules": [rule]}), opts=self.child()
        )
        # Lambda adds this itself when a function is created, but not when one is changed.
        aws.ecr.RepositoryPolicy(
            name,
            repository=self.repository.name,
            policy=policy(
                Statement(
                    sid="LambdaPulls",
                    principal={"Service": "lambda.amazonaws.com"},
                    actions=("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"),
                    resources=(),
                    conditions={"ArnLike": {"aws:SourceArn": foundation.arn("lambda", "function:*")}},
                )
            ),
            opts=self.child(),
        )
        self.address = self.repository.repository_url
        self.register_outputs({"address": self.address})
