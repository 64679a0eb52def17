"""Profiles: the levers that make a stack a production, a staging or a throw-away one.

Components read levers. None of them tests the name of an environment, so a lever can be turned for one
stack without a search for `if stack == "prod"`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A frozen set of levers."""

    name: str

    zones: int
    """Availability zones the network spans."""
    nat_per_zone: bool
    """One NAT gateway in each zone; otherwise one for all, which is cheaper and fails with its zone."""
    private_endpoints: bool
    """Interface endpoints for the AWS APIs, so that only calls to the outside world pass the NAT gateway."""
    flow_logs: bool
    """Record accepted and rejected connections of the network."""

    minimum_tasks: int
    maximum_tasks: int
    spot: bool
    """Run containers on interruptible capacity, at about a third of the price."""

    database_instances: int
    """A writer and, above one, readers in other zones that take over."""
    database_minimum_capacity: float
    """Aurora capacity units. Not 0: the checkout service asks the database for work each second, so it never pauses."""
    database_maximum_capacity: float
    cache_nodes: int
    cache_node_type: str

    deletion_protection: bool
    """Stateful resources refuse to be deleted, by the cloud and by Pulumi."""
    backup_days: int
    """How far back databases can be restored; the cache keeps as many daily snapshots, 7 at most."""
    secret_recovery_days: int
    """Days a deleted secret can be brought back; 0 frees its name at once."""
    key_deletion_days: int
    """Days until a deleted key is gone for good (7 to 30)."""
    log_retention_days: int
    function_concurrency: int
    """How many instances of an event function may take messages from one queue at the same time."""
    reserved_concurrency: int | None
    """How many instances of a function that no queue feeds, such as the saga's steps, may run at the same time.

    It keeps the connections to the order database within what Aurora takes: 1669 with at most 8 capacity units, 2000
    with 16 and more and a minimum below 1. An instance holds two, a task eight, and there is twice of each while a
    deployment rolls. `None` leaves it to the account, which lends a new one 10 instances and lets it reserve none.
    """


PROD: Final = Profile(
    name="prod",
    zones=3,
    nat_per_zone=True,
    private_endpoints=True,
    flow_logs=True,
    minimum_tasks=2,
    maximum_tasks=20,
    spot=False,
    database_instances=2,
    database_minimum_capacity=0.5,
    database_maximum_capacity=32,
    cache_nodes=2,
    cache_node_type="cache.m7g.large",
    deletion_protection=True,
    backup_days=35,
    secret_recovery_days=30,
    key_deletion_days=30,
    log_retention_days=365,
    function_concurrency=50,
    reserved_concurrency=200,
)

STAGING: Final = Profile(
    name="staging",
    zones=2,
    nat_per_zone=False,
    private_endpoints=True,
    flow_logs=True,
    minimum_tasks=2,
    maximum_tasks=6,
    spot=False,
    database_instances=2,
    database_minimum_capacity=0.5,
    database_maximum_capacity=8,
    cache_nodes=2,
    cache_node_type="cache.t4g.small",
    deletion_protection=True,
    backup_days=7,
    secret_recovery_days=7,
    key_deletion_days=7,
    log_retention_days=30,
    function_concurrency=10,
    reserved_concurrency=100,
)

EPHEMERAL: Final = Profile(
    name="ephemeral",
    zones=2,
    nat_per_zone=False,
    private_endpoints=False,
    flow_logs=False,
    minimum_tasks=1,
    maximum_tasks=2,
    spot=True,
    database_instances=1,
    database_minimum_capacity=0.5,
    database_maximum_capacity=2,
    cache_nodes=1,
    cache_node_type="cache.t4g.micro",
    deletion_protection=False,
    backup_days=1,
    secret_recovery_days=0,
    key_deletion_days=7,
    log_retention_days=7,
    function_concurrency=2,
    reserved_concurrency=None,
)

PROFILES: Final[Mapping[str, Profile]] = MappingProxyType({p.name: p for p in (PROD, STAGING, EPHEMERAL)})
"""Every profile by name."""
