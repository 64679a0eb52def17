"""What people read before they deploy."""

from __future__ import annotations

from planned import ROOT

from components.aws.sizes import CPU_UNITS_PER_CORE, RESERVED_CONCURRENCY, task
from components.profile import EPHEMERAL, PROD, Profile
from stacks.workloads import SERVICES
from toolkit.local.purchase.buying import BUYER, VISA
from toolkit.local.purchase.visitor import PASSWORD

README = (ROOT / "README.md").read_text()
AWS = (ROOT / "docs" / "aws.md").read_text()


def test_a_reader_knows_what_does_not_work_yet_before_a_live_key_is_named() -> None:
    live = README.index("sk_live")
    assert README.index("Not yet: a trial with a real account") < live
    assert "sk_live" not in README[README.index("put-secret-value") :].split("```")[0]


def test_a_reader_can_sign_in_as_the_demo_buyer() -> None:
    assert f"USERNAME={BUYER},PASSWORD={PASSWORD}" in README
    assert f'"payment_method": "{VISA}"' in README


def test_a_reader_is_given_the_command_that_builds_what_lambda_runs() -> None:
    assert "marketplace image" in README
    assert "docker buildx build" not in README


def test_a_reader_knows_the_quotas_that_a_stack_takes() -> None:
    reserved = RESERVED_CONCURRENCY[PROD.database_size]
    assert f"{reserved} are reserved for the saga, {reserved} for the payment webhook" in AWS
    assert f"| {cores(PROD):.0f}: {PROD.maximum_replicas} tasks each" in AWS
    assert f"takes {cores(EPHEMERAL):.0f} vCPU of Fargate Spot at most" in AWS
    assert f"| {PROD.zones}, one for each NAT gateway" in AWS


def cores(profile: Profile) -> float:
    """Cores of all tasks at most, while a deployment rolls."""
    units = sum(int(task(profile, one.cores, one.memory_mib)[0]) for one in SERVICES)
    return 2 * profile.maximum_replicas * units / CPU_UNITS_PER_CORE
