"""The registry on AWS: an ECR repository."""

from __future__ import annotations

import json
import re

import pulumi
import pulumi_aws as aws

from components.aws.foundation import AwsFoundation
from components.aws.policy import Statement
from components.registry import Image, RegistryArgs
from components.registry import Registry as RegistryContract

_ECR_IMAGE = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/(?P<repository>[^:@]+)"
)
KEPT_IMAGES = 30


class Registry(RegistryContract):
    """Creates the repository, its lifecycle, and leave for Lambda to pull from it.

    Tags can be moved (`:latest` is the default): pin a release with `marketplace:image` and a digest.
    """

    def __init__(
        self, name: str, foundation: AwsFoundation, args: RegistryArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, foundation, opts=opts)
        repository = aws.ecr.Repository(
            name,
            name=foundation.prefix,
            image_tag_mutability="MUTABLE",
            image_scanning_configuration={"scan_on_push": True},
            encryption_configurations=[{"encryption_type": "KMS", "kms_key": args.key_arn}],
            force_delete=not foundation.profile.deletion_protection,
            opts=self.child(),
        )
        aws.ecr.LifecyclePolicy(
            name,
            repository=repository.name,
            policy=json.dumps(
                {
                    "rules": [
                        {
                            "rulePriority": 1,
                            "description": f"Keep the last {KEPT_IMAGES} images",
                            "selection": {
                                "tagStatus": "any",
                                "countType": "imageCountMoreThan",
                                "countNumber": KEPT_IMAGES,
                            },
                            "action": {"type": "expire"},
                        }
                    ]
                }
            ),
            opts=self.child(),
        )
        aws.ecr.RepositoryPolicy(name, repository=repository.name, policy=_lambda_pulls(foundation), opts=self.child())
        self.image = Image(
            uri=pulumi.Output.concat(repository.repository_url, ":latest"), repository_arn=repository.arn
        )
        self.register_outputs({"repository_url": repository.repository_url})


def _lambda_pulls(account: AwsFoundation) -> pulumi.Output[str]:
    """A repository's policy names no resource: it stands on the repository."""
    return pulumi.Output.json_dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "Lambda",
                    "Effect": "Allow",
                    "Principal": {"Service": "lambda.amazonaws.com"},
                    "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
                    "Condition": {"ArnLike": {"aws:SourceArn": account.arn("lambda", "function:*")}},
                }
            ],
        }
    )


def image(uri: str, account: AwsFoundation) -> Image:
    """The image a stack was given; one in ECR brings the ARN of its repository."""
    if not (found := _ECR_IMAGE.match(uri)):
        return Image(uri=uri)
    where = f"arn:{account.partition}:ecr:{found['region']}:{found['account']}:repository/{found['repository']}"
    return Image(uri=uri, repository_arn=where)


def pull(image: Image) -> tuple[Statement, ...]:
    """What it takes to pull an image; nothing for one outside ECR."""
    if image.repository_arn is None:
        return ()
    return (
        # The token is for the account's whole registry: the action takes no resource.
        Statement(sid="RegistryToken", actions=("ecr:GetAuthorizationToken",), resources=("*",)),
        Statement(
            sid="PullImage",
            actions=("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"),
            resources=(image.repository_arn,),
        ),
    )
