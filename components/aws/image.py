"""The image in ECR, where Fargate and Lambda pull it from.

Fargate pulls by its task's execution role. Lambda pulls by a policy on the repository, which it adds itself where the
repository is in the function's own account.
"""

from __future__ import annotations

from components.aws.ecr import ecr_address
from components.aws.foundation import AwsFoundation
from components.aws.policy import Statement
from components.errors import ComponentError
from components.image import Image


def image(uri: str, account: AwsFoundation) -> Image:
    """The image `uri` and the ARN of its repository; raises `ComponentError` for one outside the region's ECR."""
    address = ecr_address(uri)
    if not address or address.region != account.region:
        raise ComponentError(
            f"The image {uri!r} is not in ECR in {account.region}, and Lambda runs no other.",
            next_step="Push it to a repository there.",
        )
    repository = f"arn:{account.partition}:ecr:{address.region}:{address.account}:repository/{address.repository}"
    return Image(uri=uri, repository=repository)


def pull(image: Image) -> tuple[Statement, ...]:
    """What it takes to pull an image."""
    return (
        # The token is for the account's whole registry: the action takes no resource.
        Statement(sid="RegistryToken", actions=("ecr:GetAuthorizationToken",), resources=("*",)),
        Statement(
            sid="PullImage",
            actions=("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"),
            resources=(image.repository,),
        ),
    )
