"""Profiles are levers, and a cloud's SDK is loaded when its cloud is chosen."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import pytest
from planned import ROOT, Planned

from components.aws.sizes import AURORA, CACHE_NODES, RESERVED_CONCURRENCY, key_deletion_days
from components.profile import EPHEMERAL, PROD, PROFILES, Size
from services.catalog.settings import CatalogSettings
from services.checkout.settings import CheckoutSettings

COMPONENTS = ROOT / "components"
FUNCTIONS = ("checkout-saga", "order-processor")
A_FUNCTIONS_CONNECTIONS = 2
AURORA_CONNECTIONS = {8: 1669, 32: 2000}
"""By the highest capacity, where the lowest is below one unit:
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
def test_a_rolling_deployment_under_full_load_finds_its_database_connections(name: str) -> None:
    profile = PROFILES[name]
    a_task = [CatalogSettings.model_fields, CheckoutSettings.model_fields]
    aurora = AURORA[profile.database_size]
    tasks = profile.maximum_replicas * sum(fields["database_connections"].default for fields in a_task)
    instances = A_FUNCTIONS_CONNECTIONS * (
        (RESERVED_CONCURRENCY[profile.database_size] or 0) + profile.queue_concurrency
    )
    assert 2 * (tasks + instances) <= AURORA_CONNECTIONS[aurora.maximum_capacity]


def test_only_a_function_without_a_queue_is_bounded_by_a_reservation(prod: Planned, dev: Planned) -> None:
    for stack, reserved in ((prod, 200), (dev, None)):
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
