"""What it takes to pull the image from ECR.

Fargate pulls by its task's execution role. Lambda pulls by a policy on the repository, which it adds itself where the
repository is in the function's own account.
"""

from __future__ import annotations

from components.aws.foundation import AwsFoundation
from components.aws.policy import Statement
from components.aws.registry import ecr_address
from components.errors import ComponentError


def pull(image: str, account: AwsFoundation) -> tuple[Statement, ...]:
    """Statements that allow pulling `image`; raises `ComponentError` for one outside the region's ECR."""
    address = ecr_address(image)
    if not address or address.region != account.region:
        raise ComponentError(
            f"The image {image!r} is not in ECR in {account.region}, and Lambda runs no other.",
            next_step="Push it to a repository there.",
        )
    repository = f"arn:{account.partition}:ecr:{address.region}:{address.account}:repository/{address.repository}"
    return (
        # The token is for the account's whole registry: the action takes no resource.
        Statement(sid="RegistryToken", actions=("ecr:GetAuthorizationToken",), resources=("*",)),
        Statement(
            sid="PullImage",
            actions=("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"),
            resources=(repository,),
        ),
    )
