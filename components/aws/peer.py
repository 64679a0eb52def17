"""Where a workload may connect to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pulumi


@dataclass(frozen=True, kw_only=True)
class Peer:
    """The other end of a connection: a security group, a service's prefix list, or the internet."""

    name: str
    port: pulumi.Input[int]
    security_group_id: pulumi.Input[str] | None = None
    prefix_list_id: pulumi.Input[str] | None = None
    cidr: str | None = None
    open: bool = False
    """It lets in everybody of the network, so that it needs no rule for this workload."""


INTERNET: Final = Peer(name="internet", port=443, cidr="0.0.0.0/0")
"""HTTPS to the outside world, through the NAT gateway."""
