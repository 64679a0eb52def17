"""Plans of both stacks, and small programs for what a stack is refused."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from planned import Planned, Plans, plans

from toolkit.engine import plan
from toolkit.engine.model import Plan
from toolkit.engine.program import Program

__all__ = ["plans"]

PREAMBLE = """
from pathlib import Path

from components.aws.settings import AwsSettings
from components.cloud import load
from components.foundation import Engines
from components.link import *
from components.profile import EPHEMERAL
from components.secrets_management import SecretsArgs
from components.workload import Handler, Route, Service

IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop:1"
cloud = load("aws")

def foundation(**engines):
    settings = AwsSettings(region="eu-west-1", image=IMAGE, scorer_image=IMAGE)
    return cloud.foundation(settings, prefix="test", profile=EPHEMERAL, tags={}, engines=Engines(chosen=engines))
"""


@pytest.fixture(scope="session")
def prod(plans: Plans) -> Planned:
    return plans.of("prod")


@pytest.fixture(scope="session")
def dev(plans: Plans) -> Planned:
    return plans.of("dev")


@pytest.fixture(scope="session")
def changed(plans: Plans) -> Planned:
    """Production with its protection lifted, and with what an account can ask for besides."""
    return plans.of(
        "prod",
        protect="false",
        auroraVersion="17.10",
        availabilityZones='["us-east-1f", "us-east-1d", "us-east-1b"]',
        sesIdentity="no-reply@marketplace.example.com",
    )


@pytest.fixture(scope="session", params=["prod", "dev"])
def stack(request: pytest.FixtureRequest, plans: Plans) -> Planned:
    return plans.of(request.param)


@pytest.fixture
def declare(tmp_path: Path) -> Callable[[str], Plan]:
    """Plans a program of a few components."""

    def declared(source: str) -> Plan:
        (tmp_path / "Pulumi.yaml").write_text("name: test\nruntime: python\n")
        (tmp_path / "Pulumi.test.yaml").write_text("config: {}\n")
        (tmp_path / "__main__.py").write_text(PREAMBLE + textwrap.dedent(source))
        return plan(Program.load(tmp_path, "test"))

    return declared
