"""AWS's own settings: account, region, zones, versions, and where the image is."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, ClassVar, Final

from pydantic import AfterValidator, Field, ValidationInfo

from components.architecture import engines
from components.aws.regions import unknown
from components.aws.registry import ecr_address
from components.aws.zones import Zone, problem, usable, zones
from components.cloud_settings import CloudSettings, Texts

CERTIFICATE: Final = re.compile(r"arn:aws:acm:us-east-1:\d{12}:certificate/[0-9a-f-]+")
SHIELD_ACCEPTED: Final = "accept-3000-usd-a-month-for-a-year"
PERSONALIZE_ACCEPTED: Final = "accept-394-usd-a-month-for-a-campaign"
SOLUTION_VERSION: Final = re.compile(r"arn:aws[\w-]*:personalize:[a-z0-9-]+:\d{12}:solution/[\w-]+/[0-9a-f]+")


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


def _certificate(value: str) -> str:
    if not CERTIFICATE.fullmatch(value):
        raise ValueError("expected a certificate in us-east-1 (arn:aws:acm:us-east-1:<account>:certificate/<id>)")
    return value


def _accepted(value: str) -> str:
    """Shield Advanced is bought for a year, and by no slip of a key."""
    if value != SHIELD_ACCEPTED:
        raise ValueError(
            "Shield Advanced costs 3,000 USD a month, with a commitment for one year, besides its fees for traffic "
            "(https://aws.amazon.com/shield/pricing/). Shield Standard comes with CloudFront at no cost. "
            f"Subscribe the account yourself, and accept the price with exactly {SHIELD_ACCEPTED!r}"
        )
    return value


def _personalize(value: str) -> str:
    """Personalize is paid for by the hour, and by no slip of a key."""
    if value != PERSONALIZE_ACCEPTED:
        raise ValueError(
            "a campaign of Personalize costs about 394 USD a month: one request a second at 0.15 USD a thousand, also "
            "while nobody asks; training and events come on top (https://aws.amazon.com/personalize/pricing/). It "
            "needs 1,000 views of 25 buyers, two of each at least, before anything can be trained. The marketplace's "
            f"own ranking costs nothing of that. Accept the price with exactly {PERSONALIZE_ACCEPTED!r}"
        )
    return value


def _solution_version(value: str | None, info: ValidationInfo) -> str | None:
    if value is not None and not SOLUTION_VERSION.fullmatch(value):
        raise ValueError(
            "expected a trained version (arn:aws:personalize:<region>:<account>:solution/<name>/<version>)"
        )
    if value is not None and info.data.get("personalize") is None:
        raise ValueError("needs marketplace:personalize, which accepts the price of a campaign")
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
    certificate_arn: Annotated[str, AfterValidator(_certificate)] | None = None
    """Certificate of ACM for `marketplace:domain`, in us-east-1, the only region that CloudFront takes one from."""
    shield_advanced: Annotated[str, AfterValidator(_accepted)] | None = None
    """`accept-3000-usd-a-month-for-a-year`: puts the distribution under Shield Advanced.
    The account is subscribed by hand, once."""
    personalize: Annotated[str, AfterValidator(_personalize)] | None = None
    """`accept-394-usd-a-month-for-a-campaign`: Amazon Personalize learns from views beside the own ranking."""
    personalize_solution_version: Annotated[str | None, AfterValidator(_solution_version)] = None
    """ARN of a version that was trained; from then on a campaign answers, and is paid for."""
    ses_identity: Annotated[str, Field(pattern=r"^[^\s:/]+$")] | None = None
    """Verified identity of SES in the stack's region; default: the domain of `marketplace:mailFrom`."""

    def domain_problem(self, domain: str | None) -> str | None:
        """A name of one's own needs a certificate, and a certificate is for one."""
        if domain and not self.certificate_arn:
            return "needs marketplace:certificateArn, a certificate of ACM for this name in us-east-1"
        if self.certificate_arn and not domain:
            return "is required with marketplace:certificateArn: the certificate is for a name"
        return None

    @property
    def zones(self) -> tuple[Zone, ...]:
        """Zones the network may use, most important first."""
        return zones(self.availability_zones or usable(self.region))
