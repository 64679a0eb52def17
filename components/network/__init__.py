"""The private network that services, functions and data stores share.

A foundation, not one of the architecture's functions: everything with an address stands in it.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

import pulumi

from components.component import Component
from components.errors import ComponentError


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """Contract of the network."""

    cidr: str
    """Private IPv4 range of at least 4096 addresses (a /20 or wider), cut into subnets."""
    zones: tuple[str, ...]
    """Availability zones, of which the profile's number is used; appending one renumbers nothing."""
    log_key_arn: pulumi.Input[str]
    """Key that encrypts the flow logs."""


class Network(Component):
    """Private subnets for what runs, data subnets without a way out, public ones for the NAT gateways only."""


@dataclass(frozen=True, kw_only=True)
class SubnetPlan:
    """Address ranges of one availability zone."""

    zone: str
    suffix: str
    """Last letter of the zone: names subnets without naming the region."""
    public: str
    private: str
    data: str


def subnet_plans(cidr: str, zones: tuple[str, ...]) -> list[SubnetPlan]:
    """Cuts the range into sixteen blocks: the first for private subnets, the last two for data and public ones.

    A zone's ranges depend on its position alone. Raises `ComponentError` for a range too small or too many zones.
    """
    network = ipaddress.IPv4Network(cidr)
    if network.prefixlen > 20:
        raise ComponentError(f"The network range {cidr} is too small.", next_step="Give a /20 or wider.")
    if len(zones) > 6:
        raise ComponentError(f"The network spans {len(zones)} zones; there is room for 6.")
    blocks = list(network.subnets(prefixlen_diff=4))
    data, public = (list(block.subnets(prefixlen_diff=4)) for block in blocks[-2:])
    return [
        SubnetPlan(zone=zone, suffix=zone[-1], public=str(public[i]), private=str(blocks[i]), data=str(data[i]))
        for i, zone in enumerate(zones)
    ]
