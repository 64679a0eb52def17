"""A machine that was switched off may have lost what its state still lists."""

from __future__ import annotations

from pathlib import Path

from tests.up.provider.conftest import Cloud
from toolkit.engine.state import ResourceState, State
from toolkit.local.deployers.offline import forget_lost

QUEUE = "aws:sqs/queue:Queue"


def test_what_the_machine_lost_is_forgotten_and_the_rest_kept(cloud: Cloud, tmp_path: Path) -> None:
    queues = [cloud.deploy(QUEUE, name, {}) for name in ("kept", "lost")]
    vpc = cloud.deploy("aws:ec2/vpc:Vpc", "network", {"cidrBlock": "10.0.0.0/16"})
    state = State(tmp_path / "state.json")
    state.record(
        ResourceState(urn=found.urn, type=found.type, name=found.name, id=found.id, outputs=found.outputs)
        for found in (*queues, vpc)
    )
    queues[1].delete()
    assert forget_lost(state, cloud.provider) == [queues[1].urn]
    assert [resource.name for resource in State(tmp_path / "state.json").resources] == ["kept", "network"]
