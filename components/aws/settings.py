"""AWS's own settings: account, region, zones, versions, and where the image is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, ValidationInfo

from components.architecture import engines
from components.aws.regions import unknown
from components.aws.registry import ecr_address
from components.aws.zones import Zone, problem, usable, zones
from components.cloud_settings import CloudSettings, Texts


def _region(value: str) -> str:
    if wrong := unknown(value):
        raise ValueError(wrong)
    return value


def _in_region(value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
    region = info.data.get("region")
    if region and (wrong := problem(value, region)):
        raise ValueError(wrong)
    return value


def _supported(value: str) -> str:
    """A version of Aurora PostgreSQL that AWS still supports."""
    version = engines("aws")["aurora-postgresql"].version(value)
    if version and version.ends_on <= datetime.now(UTC).date():
        raise ValueError(f"the support of this version ended on {version.ends_on}")
    return value


def _pullable(value: str, info: ValidationInfo) -> str:
    """An image that Lambda and SageMaker can run and Fargate can reach."""
    region = info.data.get("region")
    address = ecr_address(value)
    if region and not (address and address.region == region):
        raise ValueError(
            f"expected an image in ECR in {region}, which is all that tasks, functions and models reach "
            f"(<account>.dkr.ecr.{region}.amazonaws.com/<repository>, then :<tag> or @sha256:<digest>)"
        )
    return value


class AwsSettings(CloudSettings):
    """The settings of a stack on AWS besides the common ones."""

    CLOUD: ClassVar[str] = "aws"

    region: Annotated[str, AfterValidator(_region), Field(alias="aws:region")]
    image: Annotated[str, AfterValidator(_pullable)] = ""
    """Image of all workloads, in ECR in the stack's region. By digest: a tag that moves deploys nothing."""
    scorer_image: Annotated[str, AfterValidator(_pullable)] = ""
    """Image of the fraud scorer, in ECR in the stack's region: SageMaker runs x86-64 only, everything else ARM64."""
    account_id: Annotated[str, Field(pattern=r"^\d{12}$")] | None = None
    """The only account the stack may be deployed to; default: whichever the credentials are for."""
    availability_zones: Annotated[Texts, AfterValidator(_in_region), Field(validate_default=True)] = ()
    """By id (`use1-az4`), or by the names that your account has for them; default: those of `components/aws/zones.py`.
    They are chosen once: the subnets of a network that exists stay where they are."""
    aurora_version: Annotated[str, Field(pattern=r"^17\.\d+$"), AfterValidator(_supported)] = "17.7"
    """What a new order database starts with. 17.7 has AWS's long-term support and gets patches only; in any other AWS
    installs minor versions by itself. A database that exists is upgraded by hand."""
    ses_identity: Annotated[str, Field(pattern=r"^[^\s:/]+$")] | None = None
    """Verified identity of SES in the stack's region; default: the domain of `marketplace:mailFrom`."""

    @property
    def zones(self) -> tuple[Zone, ...]:
        """Zones the network may use, most important first."""
        return zones(self.availability_zones or usable(self.region))
