"""Availability zones, by id: the ids are the same in every account, while each account has letters of its own.

Only zones that have everything the stack stands on are used. API Gateway's VPC links, Fargate and Aurora are missing
in some.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

_LETTERS: Final = "abcdef"
_DIRECTIONS: Final = {"southeast": "se", "southwest": "sw", "northeast": "ne", "northwest": "nw"}

USABLE: Final[Mapping[str, tuple[int, ...]]] = MappingProxyType(
    {
        "ap-east-1": (2, 3),
        "ap-northeast-1": (1, 2, 4),
        "ap-northeast-2": (1, 2, 3),
        "ap-south-1": (1, 2, 3),
        "ap-southeast-1": (1, 2, 3),
        "ap-southeast-2": (1, 2, 3),
        "ca-central-1": (1, 2),
        "eu-central-1": (1, 2, 3),
        "eu-north-1": (1, 2, 3),
        "eu-south-2": (1, 2, 3),
        "eu-west-1": (1, 2, 3),
        "eu-west-2": (1, 2, 3),
        "eu-west-3": (1, 3),
        "me-south-1": (1, 2, 3),
        "sa-east-1": (1, 2, 3),
        "us-east-1": (1, 2, 4, 5, 6),
        "us-east-2": (1, 2, 3),
        "us-gov-west-1": (1, 2, 3),
        "us-west-1": (1, 3),
        "us-west-2": (1, 2, 3, 4),
    }
)
"""Numbers of the zones in which VPC links exist, by region, the first ones used first. Checked on 2026-11-27:
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-vpc-links-v2.html
Fargate leaves out no other: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/AWS_Fargate-Regions.html
"""


@dataclass(frozen=True, kw_only=True)
class Zone:
    """A zone of the network: by its id, or by the name that it has in this account."""

    suffix: str
    """A letter that names its subnets, without naming the region."""
    id: str | None = None
    name: str | None = None


def usable(region: str) -> tuple[str, ...]:
    """Ids of the zones that the stack can stand in; empty for a region that `USABLE` does not know."""
    return tuple(f"{_short(region)}-az{number}" for number in USABLE.get(region, ()))


def zones(given: Sequence[str]) -> tuple[Zone, ...]:
    """The zones of these ids, lettered in their order, or of these names, by the letters they have."""
    return tuple(
        Zone(suffix=_LETTERS[index], id=zone) if is_id(zone) else Zone(suffix=zone[-1], name=zone)
        for index, zone in enumerate(given)
    )


def is_id(zone: str) -> bool:
    """Whether it is an id (`use1-az4`) and no name (`us-east-1d`)."""
    return "-az" in zone


def problem(given: Sequence[str], region: str) -> str | None:
    """What is wrong with these zones as those of a network in the region."""
    known = usable(region)
    if not given:
        return None if known else f"is required in {region}: two or three zones that have VPC links of API Gateway"
    pattern = rf"{_short(region)}-az\d+|{region}[a-z]"
    missing = [zone for zone in given if is_id(zone) and known and zone not in known]
    wrong = {
        f"expected zones of {region}, such as {_short(region)}-az1 or {region}a": any(
            not re.fullmatch(pattern, zone) for zone in given
        ),
        "expected ids or names, not both: two of them may be one zone": len({is_id(zone) for zone in given}) > 1,
        "expected each zone once": len(set(given)) < len(given),
        "expected 2 zones at least: the load balancer and the databases take no fewer": len(given) < 2,
        f"{', '.join(missing)} has no VPC links of API Gateway; expected some of {', '.join(known)}": bool(missing),
    }
    return next((message for message, applies in wrong.items() if applies), None)


def _short(region: str) -> str:
    """The beginning of the region's zone ids: `usw2` for us-west-2, `usgw1` for us-gov-west-1."""
    area, *directions, number = region.split("-")
    return area + "".join(_DIRECTIONS.get(word, word[0]) for word in directions) + number
