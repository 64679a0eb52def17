"""What a link gives a workload on AWS."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import pulumi

from components.aws.policy import Statement
from components.component import Component
from components.errors import UnsupportedAccess
from components.link import Access, Link

if TYPE_CHECKING:
    from components.aws.identity import Identity


@dataclass(frozen=True, kw_only=True)
class Peer:
    """Where a workload may connect to: a security group, a service's prefix list, or the internet."""

    name: str
    port: pulumi.Input[int]
    security_group_id: pulumi.Input[str] | None = None
    prefix_list_id: pulumi.Input[str] | None = None
    cidr: str | None = None


INTERNET = Peer(name="internet", port=443, cidr="0.0.0.0/0")
"""HTTPS to the outside world, through the NAT gateway."""


@dataclass(frozen=True, kw_only=True)
class Grant:
    """Permissions, environment and network reach, and what must exist before the workload starts."""

    statements: tuple[Statement, ...] = ()
    environment: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    peers: tuple[Peer, ...] = ()
    after: tuple[pulumi.Resource, ...] = ()


class Linkable(Component):
    """A component that workloads can be linked to."""

    OFFERS: ClassVar[tuple[Access, ...]]
    """The accesses that `bind` knows."""

    @abstractmethod
    def bind(self, identity: Identity, access: Access) -> Grant:
        """What `access` takes for the workload behind `identity`; `access` is one of `OFFERS`."""


def environment_prefix(name: str) -> str:
    """Start of a target's environment variables: `checkout-flow` -> `CHECKOUT_FLOW`."""
    return name.replace("-", "_").upper()


def bind(link: Link, identity: Identity) -> Grant:
    """Asks a link's target for its grant; raises `UnsupportedAccess` where it offers none."""
    target = link.target
    offers = target.OFFERS if isinstance(target, Linkable) else ()
    if not isinstance(target, Linkable) or link.access not in offers:
        raise UnsupportedAccess(target.name, link.access, tuple(str(access) for access in offers))
    return target.bind(identity, link.access)
