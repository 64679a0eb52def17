"""Profiles are levers, and a cloud's SDK is loaded when its cloud is chosen."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import pytest
from planned import ROOT, Planned

from components.profile import EPHEMERAL, PROD, PROFILES
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
    assert not EPHEMERAL.deletion_protection
    assert EPHEMERAL.secret_recovery_days == 0


@pytest.mark.parametrize("name", PROFILES)
def test_levers_stay_in_the_ranges_that_the_cloud_takes(name: str) -> None:
    profile = PROFILES[name]
    assert profile.secret_recovery_days == 0 or 7 <= profile.secret_recovery_days <= 30
    assert 7 <= profile.key_deletion_days <= 30
    assert 1 <= profile.backup_days <= 35
    assert profile.minimum_tasks <= profile.maximum_tasks
    assert profile.function_concurrency >= 2
    assert profile.database_minimum_capacity >= 0.5
    assert profile.reserved_concurrency is None or profile.reserved_concurrency >= 1


@pytest.mark.parametrize("name", [name for name, profile in PROFILES.items() if profile.reserved_concurrency])
def test_a_rolling_deployment_under_full_load_finds_its_database_connections(name: str) -> None:
    profile = PROFILES[name]
    a_task = [CatalogSettings.model_fields, CheckoutSettings.model_fields]
    tasks = profile.maximum_tasks * sum(fields["database_connections"].default for fields in a_task)
    instances = A_FUNCTIONS_CONNECTIONS * ((profile.reserved_concurrency or 0) + profile.function_concurrency)
    assert 2 * (tasks + instances) <= AURORA_CONNECTIONS[profile.database_maximum_capacity]


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
