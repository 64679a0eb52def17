"""The same programs deployed, changed and destroyed by the real engine and by ours, through the same provider."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.engine.memory_cloud import MemoryCloud
from tests.engine.real_cli import SIGNATURE, RealEngine, needs_pulumi, real_engine
from tests.engine.small_programs import write_program
from toolkit.engine.deployment import deploy, destroy
from toolkit.engine.program import Program
from toolkit.engine.state import ResourceState, State
from toolkit.engine.values import Secret

pytestmark = needs_pulumi

FIRST = """
MARKERS = {"$ref": "x", "$secret": "y", "$$": "z"}
provider = aws.Provider("main", region="eu-west-1")


class Shop(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("shop:shop:Shop", name, {"function": "shop"}, pulumi.ResourceOptions(providers=[provider]))


def queue(logical, parent=None, **inputs):
    options = inputs.pop("options", {})
    return aws.sqs.Queue(logical, **inputs, opts=pulumi.ResourceOptions(
        parent=parent, provider=None if parent else provider, **options))


shop = Shop("shop")
base = queue("base", shop, name="base", tags={"a": "1"})
user = queue("user", shop, tags={"base": base.arn, "secret": pulumi.Output.secret("s")})
bound = queue("bound", shop, name="bound", kms_master_key_id=base.arn)
later = queue("later", name="later", options={"depends_on": [bound]})
kept = queue("kept", name="kept", delay_seconds=1, tags=MARKERS, options={"ignore_changes": ["delaySeconds"]})
retained = queue("retained", name="retained", options={"retain_on_delete": True})
hidden = queue("hidden", name="hidden", options={"additional_secret_outputs": ["url"]})
pulumi.export("url", user.url)
pulumi.export("secret", hidden.url)
"""
CHANGED = FIRST.replace('tags={"a": "1"}', 'tags={"a": "2"}').replace("delay_seconds=1", "delay_seconds=9")
CHANGED = CHANGED.replace('queue("hidden",', 'queue("veiled",').replace(
    'options={"additional_secret', 'options={"aliases": [pulumi.Alias(name="hidden")], "additional_secret'
)
CHANGED += 'queue("new", name="new")\n'
REPLACED = CHANGED.replace('"base", shop, name="base"', '"base", shop, name="base-2"')
DELETED_FIRST = REPLACED.replace('name="base-2", ', 'name="base-3", options={"delete_before_replace": True}, ')
DELETED_FIRST = "\n".join(
    line for line in DELETED_FIRST.splitlines() if not line.startswith(("later =", "retained =", 'queue("new"'))
)
SECRET_LATER = FIRST.replace('name="later"', 'name=pulumi.Output.secret("later")').replace(
    'queue("bound", shop,', 'queue("bound", shop, options={"additional_secret_outputs": ["url"]},'
)
STEPS = {
    "made": FIRST,
    "made again": FIRST,
    "made secret": SECRET_LATER,
    "updated, renamed and added to": CHANGED,
    "replaced": REPLACED,
    "deleted before it is replaced, and some removed": DELETED_FIRST,
}


def test_every_step_does_the_same_and_leaves_the_same(tmp_path: Path) -> None:
    real_cloud, our_cloud = MemoryCloud(), MemoryCloud()
    state = State(tmp_path / "state.json")
    with real_engine(tmp_path / "real", real_cloud) as engine:
        engine.init(write_program(tmp_path / "project", FIRST).root, "dev")
        for step, source in STEPS.items():
            program = write_program(tmp_path / "project", source)
            engine.ok(program.root, "up", "--yes", "--skip-preview", "--stack", "dev")
            deploy(program, our_cloud, state)
            assert done(our_cloud) == done(real_cloud), step
            assert left_by_ours(state) == left_by_real(engine, program), step
        engine.ok(program.root, "destroy", "--yes", "--skip-preview", "--stack", "dev")
        destroy(our_cloud, state)
    assert done(our_cloud) == done(real_cloud)
    assert state.resources == []
    assert [thing["name"] for thing in our_cloud.things.values()] == ["retained"]


def done(cloud: MemoryCloud) -> tuple[list[str], list[str]]:
    """What was asked of a cloud since the last look: all of it in any order, and in its order what must have one."""
    steps = list(cloud.journal)
    cloud.journal.clear()
    return sorted(steps), [step for step in steps if step.split()[1] in ("base", "bound")]


def left_by_ours(state: State) -> dict[str, dict[str, Any]]:
    return _by_urn([_ours(item) for item in state.resources if "::default" not in item.urn])


def left_by_real(engine: RealEngine, program: Program) -> dict[str, dict[str, Any]]:
    return _by_urn([_real(item) for item in engine.resources(program.root, program.stack)])


def _by_urn(resources: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {item["urn"]: item for item in resources}


def _ours(resource: ResourceState) -> dict[str, Any]:
    return {
        "urn": resource.urn,
        "parent": resource.parent,
        "inputs": _plain(resource.inputs),
        "outputs": _plain(resource.outputs),
        "dependencies": sorted(resource.dependencies),
        "provider": resource.provider.rpartition("::")[0],
        "retain_on_delete": resource.retain_on_delete,
    }


def _real(resource: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "urn": resource["urn"],
        "parent": resource.get("parent", ""),
        "inputs": _plain(resource.get("inputs", {})),
        "outputs": _plain(resource.get("outputs", {})),
        "dependencies": sorted(resource.get("dependencies", ())),
        "provider": resource.get("provider", "").rpartition("::")[0],
        "retain_on_delete": resource.get("retainOnDelete", False),
    }


def _plain(value: Any) -> Any:
    """Secrets as their mark; ids and random endings of names, which no two deployments share, masked."""
    match value:
        case Secret():
            return "[secret]"
        case dict() if SIGNATURE in value:
            return "[secret]"
        case dict():
            return {key: _plain(item) for key, item in value.items() if key != "__internal"}
        case list():
            return [_plain(item) for item in value]
        case str():
            return re.sub(r"id-\d+|-[0-9a-f]{7}$", "#", value)
    return value
