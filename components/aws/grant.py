"""What a link gives a workload on AWS."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, cast

import pulumi

from components.aws.peer import Peer
from components.aws.policy import Statement
from components.link import Access, Link


@dataclass(frozen=True, kw_only=True)
class Grant:
    """Permissions, environment and network reach, and what must exist before the workload starts."""

    statements: tuple[Statement, ...] = ()
    environment: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    peers: tuple[Peer, ...] = ()
    apis: tuple[str, ...] = ()
    """AWS APIs that the workload calls, by the name of their endpoint (`secretsmanager`)."""
    after: tuple[pulumi.Resource, ...] = ()
    admit: Callable[[pulumi.Output[str]], pulumi.Resource] | None = None
    """Lets the role of this ARN in, where the target itself keeps a list of roles."""


class Bindable(Protocol):
    """A component of this cloud that workloads can be linked to."""

    def bind(self, workload: str, access: Access) -> Grant:
        """What `access`, one of those it offers, gives the workload of this name."""
        ...


def bind(link: Link, workload: str) -> Grant:
    """Asks a link's target for its grant; whether the target offers the access was checked with the link."""
    return cast(Bindable, link.target).bind(workload, link.access)
