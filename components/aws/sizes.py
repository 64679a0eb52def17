"""What the levers of a profile are on AWS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from components.profile import Profile, Size

CACHE_NODES: Final[Mapping[Size, str]] = MappingProxyType(
    {
        Size.SMALL: "cache.t4g.micro",
        Size.MEDIUM: "cache.t4g.medium",
        Size.LARGE: "cache.m7g.large",
        Size.HUGE: "cache.m7g.xlarge",
    }
)
"""Node type of the cart cache."""

OPENSEARCH_NODES: Final[Mapping[Size, str]] = MappingProxyType(
    {
        Size.SMALL: "t3.small.search",
        Size.MEDIUM: "t3.medium.search",
        Size.LARGE: "m7g.large.search",
        Size.HUGE: "m7g.xlarge.search",
    }
)
"""Node type of product search."""

CPU_UNITS_PER_CORE: Final = 1024


@dataclass(frozen=True, kw_only=True)
class AuroraSize:
    """Aurora capacity units, each about 2 GiB of memory with the CPU that goes with it."""

    maximum_capacity: float
    minimum_capacity: float = 0.5


AURORA: Final[Mapping[Size, AuroraSize]] = MappingProxyType(
    {
        Size.SMALL: AuroraSize(maximum_capacity=2),
        Size.MEDIUM: AuroraSize(maximum_capacity=8),
        Size.LARGE: AuroraSize(maximum_capacity=32),
        # From one unit on Aurora takes as many connections as its highest capacity has memory for.
        Size.HUGE: AuroraSize(maximum_capacity=64, minimum_capacity=1),
    }
)
"""The order database."""

RESERVED_CONCURRENCY: Final[Mapping[Size, int | None]] = MappingProxyType(
    {Size.SMALL: None, Size.MEDIUM: 100, Size.LARGE: 100, Size.HUGE: 200}
)
"""By the size of the database, how many instances of a function that no queue feeds may run at the same time.

It keeps the connections to the database within what Aurora takes: 1669 with at most 8 capacity units, 2000 with 16
and more and a minimum below 1, 5000 from there on. An instance holds one, a task up to eight, and there is twice of
each while a deployment rolls. `None` leaves it to the account's limit: a new account has 10 and can reserve none.
"""


SCORER_CONCURRENCY: Final[Mapping[Size, int]] = MappingProxyType(
    {Size.SMALL: 1, Size.MEDIUM: 5, Size.LARGE: 10, Size.HUGE: 10}
)
"""Orders that the fraud scorer looks at together: each takes it milliseconds. More than that are decided by the rules.

Not more than 10: the endpoints of a new account have so many together until it asks for more.
"""

SMALLEST_TASK: Final = (0.25, 512)
"""Cores and MiB of the smallest task on Fargate."""
AUTO_PAUSE_SECONDS: Final = 300
"""Without a connection, until a database that sleeps is paused; the least that Aurora takes."""
IDLE_SESSION_SECONDS: Final = 360
"""Until such a database ends a connection that nobody uses. Pools of services close theirs after 300; the one of a
function is frozen with it, and would keep the database awake."""


def task(profile: Profile, cores: float, memory_mib: int) -> tuple[str, str]:
    """CPU units and MiB of a task that asks for so much."""
    if profile.smallest_containers:
        cores, memory_mib = SMALLEST_TASK
    return str(int(cores * CPU_UNITS_PER_CORE)), str(memory_mib)


def aurora(profile: Profile) -> AuroraSize:
    """Capacity of the order database; one that sleeps has none then."""
    size = AURORA[profile.database_size]
    return replace(size, minimum_capacity=0) if profile.quiet_hours else size


def instances(profile: Profile) -> int:
    """Instances of a database or nodes of a cache: a writer and, with a standby, one that takes over."""
    return 2 if profile.standby else 1


def key_deletion_days(profile: Profile) -> int:
    """Days until a deleted key is gone for good: KMS takes 7 to 30."""
    return min(30, max(7, profile.recovery_days))
