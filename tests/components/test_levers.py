"""Profiles are levers, and a cloud's SDK is loaded when its cloud is chosen."""

from __future__ import annotations

import dataclasses
import importlib
import subprocess
import sys

import pytest
from planned import ROOT, Planned

from components.aws.sizes import AURORA, CACHE_NODES, RESERVED_CONCURRENCY, key_deletion_days
from components.profile import EPHEMERAL, PROD, PROFILES, Size
from components.workload import Service
from stacks.workloads import SERVICES

COMPONENTS = ROOT / "components"
FUNCTIONS = ("checkout-saga", "order-processor")
AURORA_CONNECTIONS = {8: 1669, 32: 2000, 64: 5000}
"""By the highest capacity. Where the lowest is below one unit, 2000 are the most:
https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2.setting-capacity.html"""


def test_no_component_asks_which_environment_it_is_in() -> None:
    for path in COMPONENTS.rglob("*.py"):
        source = path.read_text()
        for question in ("profile.name", "get_stack", '"prod"', '"ephemeral"', "os.environ"):
            assert question not in source or path.name == "profile.py", f"{path}: {question}"


def test_a_lever_cannot_be_moved_on_a_shared_profile() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        PROD.zones = 1  # type: ignore[misc]


def test_a_throw_away_stack_keeps_nothing_that_its_successor_would_trip_over() -> None:
    assert not EPHEMERAL.protect_data
    assert EPHEMERAL.recovery_days == 0


@pytest.mark.parametrize("name", PROFILES)
def test_levers_stay_in_the_ranges_that_the_cloud_takes(name: str) -> None:
    profile = PROFILES[name]
    assert profile.recovery_days == 0 or 7 <= profile.recovery_days <= 30
    assert 7 <= key_deletion_days(profile) <= 30
    assert 1 <= profile.backup_days <= 35
    assert profile.minimum_replicas <= profile.maximum_replicas
    assert profile.queue_concurrency >= 2
    assert profile.quiet_hours is None or 24 % profile.quiet_hours == 0


@pytest.mark.parametrize("size", Size)
def test_every_size_is_something_on_aws(size: Size) -> None:
    assert 0.5 <= AURORA[size].minimum_capacity < AURORA[size].maximum_capacity
    assert RESERVED_CONCURRENCY[size] is None or RESERVED_CONCURRENCY[size] >= 1
    assert CACHE_NODES[size].startswith("cache.")


RESERVING = [name for name, profile in PROFILES.items() if RESERVED_CONCURRENCY[profile.database_size]]


@pytest.mark.parametrize("name", RESERVING)
def test_a_rolling_deployment_under_full_load_finds_its_database_connections(name: str, prod: Planned) -> None:
    profile = PROFILES[name]
    tasks = profile.maximum_replicas * sum(_pool(service) for service in SERVICES)
    # Each holds one connection. Those that no queue feeds have a reservation, the others their queues' concurrency.
    functions = [one for one in prod.every("Function") if "ORDERS_HOST" in prod.environment(one)]
    fed = [one for one in prod.every("EventSourceMapping") if one.startswith(tuple(functions))]
    reserved = [one for one in functions if prod.inputs("Function", one).get("reservedConcurrentExecutions")]
    scheduled = [one for one in functions if one in prod.every("Schedule")]
    instances = (
        len(reserved) * (RESERVED_CONCURRENCY[profile.database_size] or 0)
        + len(fed) * profile.queue_concurrency
        + len(scheduled)
    )
    assert len(reserved) == 2
    assert len(fed) >= 4
    aurora = AURORA[profile.database_size]
    assert 2 * (tasks + instances) <= AURORA_CONNECTIONS[aurora.maximum_capacity]
    assert aurora.maximum_capacity <= 32 or aurora.minimum_capacity >= 1


def _pool(service: Service) -> int:
    """Connections that a task of the service holds at most."""
    module = importlib.import_module(f"{service.module}.settings")
    (settings,) = [one for name, one in vars(module).items() if name.lower() == f"{service.name}settings"]
    return int(settings.model_fields["database_connections"].default)


def test_only_a_function_without_a_queue_is_bounded_by_a_reservation(prod: Planned, dev: Planned) -> None:
    for stack, reserved in ((prod, 100), (dev, None)):
        found = {name: stack.inputs("Function", name).get("reservedConcurrentExecutions") for name in FUNCTIONS}
        assert found == {"checkout-saga": reserved, "order-processor": None}


@pytest.mark.parametrize(
    ("program", "sdks"),
    [
        ("import components.cloud, stacks.marketplace", []),
        ("from components.cloud import load; load('aws')", ["pulumi_aws"]),
    ],
)
def test_only_the_chosen_clouds_sdk_is_loaded(program: str, sdks: list[str]) -> None:
    listed = "import sys; print(sorted({m.split('.')[0] for m in sys.modules if m.startswith('pulumi_')}))"
    answer = subprocess.run(
        [sys.executable, "-c", f"{program}; {listed}"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == str(sdks)
