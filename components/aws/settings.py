"""AWS's own settings: account, region, zones, and where the image is."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Final

from pydantic import AfterValidator, Field, ValidationInfo

from components.aws.registry import ecr_address
from components.cloud_settings import CloudSettings, Texts

MINIMUM_ZONES: Final = 2
_REGION: Final = r"^[a-z]{2}(-[a-z]+)+-\d$"


def _in_region(value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
    """Zones of the region, two at least: the load balancer and the databases take no fewer."""
    region = info.data.get("region")
    if region and any(not re.fullmatch(f"{region}[a-z]", zone) for zone in value):
        raise ValueError(f"expected zones of {region}, such as {region}a")
    if value and len(set(value)) < MINIMUM_ZONES:
        raise ValueError(f"expected {MINIMUM_ZONES} different zones at least")
    if len(set(value)) < len(value):
        raise ValueError("expected each zone once")
    return value


def _pullable(value: str, info: ValidationInfo) -> str:
    """An image that Lambda can run and Fargate can reach."""
    region = info.data.get("region")
    address = ecr_address(value)
    if region and not (address and address.region == region):
        raise ValueError(
            f"expected an image in ECR in {region}, which is all that tasks and functions reach "
            f"(<account>.dkr.ecr.{region}.amazonaws.com/<repository>, then :<tag> or @sha256:<digest>)"
        )
    return value


class AwsSettings(CloudSettings):
    """The settings of a stack on AWS besides the common ones."""

    CLOUD: ClassVar[str] = "aws"

    region: Annotated[str, Field(alias="aws:region", pattern=_REGION)]
    image: Annotated[str, AfterValidator(_pullable)]
    """Image of all workloads, in ECR in the stack's region. By digest: a tag that moves deploys nothing."""
    account_id: Annotated[str, Field(pattern=r"^\d{12}$")] | None = None
    """The only account the stack may be deployed to; default: whichever the credentials are for."""
    availability_zones: Annotated[Texts, AfterValidator(_in_region)] = ()
    """Default: the region's zones a, b and c. Not every account has those."""

    @property
    def zones(self) -> tuple[str, ...]:
        """Zones the network may use, most important first."""
        return self.availability_zones or tuple(f"{self.region}{letter}" for letter in "abc")
