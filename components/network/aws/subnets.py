"""How the network's range is cut into subnets."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from components.errors import ComponentError

NARROWEST_PREFIX: Final = 20
MAXIMUM_ZONES: Final = 6


@dataclass(frozen=True, kw_only=True)
class SubnetPlan:
    """Address ranges of one availability zone."""

    suffix: str
    """Stands for the zone in the names of its subnets."""
    public: str
    private: str
    data: str


def subnet_plans(cidr: str, suffixes: Sequence[str]) -> list[SubnetPlan]:
    """Cuts the range into sixteen blocks: the first for private subnets, the last two for data and public ones.

    A zone's ranges depend on its position alone. Raises `ComponentError` for a range too small or too many zones.
    """
    network = ipaddress.IPv4Network(cidr)
    if network.prefixlen > NARROWEST_PREFIX:
        raise ComponentError(
            f"The network range {cidr} is too small.", next_step=f"Give a /{NARROWEST_PREFIX} or wider."
        )
    if len(suffixes) > MAXIMUM_ZONES:
        raise ComponentError(f"The network spans {len(suffixes)} zones; there is room for {MAXIMUM_ZONES}.")
    blocks = list(network.subnets(prefixlen_diff=4))
    data, public = (list(block.subnets(prefixlen_diff=4)) for block in blocks[-2:])
    return [
        SubnetPlan(suffix=suffix, public=str(public[i]), private=str(blocks[i]), data=str(data[i]))
        for i, suffix in enumerate(suffixes)
    ]
