"""Profiles: the levers that make a stack a production, a staging or a throw-away one.

Levers are sizes and intents; one table for each cloud says what they are there. Components read levers. None of them
tests the name of an environment, so a lever can be changed for one stack without a search for `if stack == "prod"`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Size(StrEnum):
    """How much a store can take."""

    SMALL = "small"
    """One developer."""
    MEDIUM = "medium"
    """A team, or a rehearsal of production."""
    LARGE = "large"
    """Customers."""
    HUGE = "huge"
    """Customers all day."""


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A frozen set of levers."""

    name: str

    zones: int
    """Zones that the network spans."""
    exit_per_zone: bool
    """A way to the internet in each zone; otherwise one for all, which is cheaper and fails with its zone."""
    private_cloud_apis: bool
    """Calls to the cloud's own services stay inside the network."""
    record_connections: bool
    """Keep a log of accepted and rejected connections of the network."""

    minimum_replicas: int
    maximum_replicas: int
    """Of each container service."""
    interruptible: bool
    """Run containers on spare capacity, which the cloud may take back, more cheaply."""
    smallest_containers: bool
    """Containers are as small as the cloud has them, whatever a service asks for."""
    queue_concurrency: int
    """How many instances of an event function may take messages from one queue at the same time."""

    database_size: Size
    cache_size: Size
    search_size: Size
    quiet_hours: int | None
    """The order database sleeps while nobody uses it, and what looks for work by itself does so only every so many
    hours then, or when somebody does something. A divisor of 24. `None`: the database never sleeps, and work is looked
    for all the time."""
    search_sleeps: bool
    """Product search stops when nobody searches, and the first search afterwards waits until it is awake."""
    standby: bool
    """Database, cache and search have a second instance in another zone, which takes over."""

    protect_data: bool
    """Stateful resources refuse to be deleted, by the cloud and by Pulumi. `marketplace:protect` lifts it."""
    keep_backups: bool
    """A database that is deleted leaves a last snapshot and its backups, and the key that they are encrypted with."""
    backup_days: int
    """How far back databases can be restored."""
    recovery_days: int
    """How long a deleted secret or key can be brought back; 0 is as short as the cloud allows."""
    log_retention_days: int

    paid_edge: bool
    """The edge answers from every part of the world, and its firewall has all its rules, each of which is paid for."""
    on_call: bool
    """Somebody hears of everything that goes wrong: every signal has an alarm, and the dashboard shows it. Otherwise
    only what would be lost has one."""
    container_metrics: bool
    """Every container is measured, and not only every service."""
    own_mail: bool
    """Sign-in mails are sent under an address of the operator, because the cloud's own sender stops after a few."""


PROD: Final = Profile(
    name="prod",
    zones=3,
    exit_per_zone=True,
    private_cloud_apis=False,
    record_connections=True,
    minimum_replicas=2,
    maximum_replicas=20,
    interruptible=False,
    smallest_containers=False,
    queue_concurrency=50,
    database_size=Size.LARGE,
    cache_size=Size.MEDIUM,
    search_size=Size.SMALL,
    quiet_hours=None,
    search_sleeps=False,
    standby=True,
    protect_data=True,
    keep_backups=True,
    backup_days=35,
    recovery_days=30,
    log_retention_days=365,
    paid_edge=True,
    on_call=True,
    container_metrics=True,
    own_mail=True,
)
"""At rest and under light traffic within 625 dollars a month: docs/decisions says what was traded for it."""

SCALE: Final = replace(
    PROD,
    name="scale",
    private_cloud_apis=True,
    minimum_replicas=3,
    maximum_replicas=30,
    database_size=Size.HUGE,
    cache_size=Size.LARGE,
    search_size=Size.LARGE,
)
"""Production for who has traffic all day, and pays for it."""

STAGING: Final = Profile(
    name="staging",
    zones=2,
    exit_per_zone=False,
    private_cloud_apis=True,
    record_connections=True,
    minimum_replicas=2,
    maximum_replicas=6,
    interruptible=False,
    smallest_containers=False,
    queue_concurrency=10,
    database_size=Size.MEDIUM,
    cache_size=Size.MEDIUM,
    search_size=Size.SMALL,
    quiet_hours=None,
    search_sleeps=False,
    standby=True,
    protect_data=True,
    keep_backups=True,
    backup_days=7,
    recovery_days=7,
    log_retention_days=30,
    paid_edge=True,
    on_call=True,
    container_metrics=True,
    own_mail=False,
)

EPHEMERAL: Final = Profile(
    name="ephemeral",
    zones=2,
    exit_per_zone=False,
    private_cloud_apis=False,
    record_connections=False,
    minimum_replicas=1,
    maximum_replicas=2,
    interruptible=True,
    smallest_containers=True,
    queue_concurrency=2,
    database_size=Size.SMALL,
    cache_size=Size.SMALL,
    search_size=Size.SMALL,
    quiet_hours=6,
    search_sleeps=True,
    standby=False,
    protect_data=False,
    keep_backups=False,
    backup_days=1,
    recovery_days=0,
    log_retention_days=7,
    paid_edge=False,
    on_call=False,
    container_metrics=False,
    own_mail=False,
)

PROFILES: Final[Mapping[str, Profile]] = MappingProxyType({p.name: p for p in (PROD, SCALE, STAGING, EPHEMERAL)})
"""Every profile by name."""
