"""Resource options that decide between keeping, changing and replacing: both engines decide the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.memory_cloud import MemoryCloud
from tests.engine.real_cli import RealEngine, needs_pulumi, real_engine
from tests.engine.small_programs import THINGS, write_program
from tests.engine.test_deployments_agree import done, left_by_ours, left_by_real
from toolkit.engine.deployment import deploy, destroy
from toolkit.engine.state import State
from toolkit.errors import ToolkitError

pytestmark = needs_pulumi

IGNORED = """
thing("whole", tags(a=1), tags(a=2), ignore_changes=["tags"])
thing("member", tags(a=1, b=1), tags(a=2, b=2), ignore_changes=["tags.a"])
thing("member-added", tags(b=1), tags(a=1, b=1), ignore_changes=["tags.a"])
thing("member-removed", tags(a=1, b=1), tags(b=2), ignore_changes=["tags.a"])
thing("parent-added", {}, tags(a=1), ignore_changes=["tags.a"])
thing("parent-removed", tags(a=1), {}, ignore_changes=["tags.a"])
thing("every-member", tags(a=1, b=1), tags(b=2, c=2), ignore_changes=["tags.*"])
thing("every-input", tags(a=1), {"tags": {"b": 2}, "size": 1}, ignore_changes=["*"])
thing("quoted", {"tags": {"a.b": 1}}, {"tags": {"a.b": 2}}, ignore_changes=['tags["a.b"]'])
thing("element", rules(1, 1), rules(2, 2), ignore_changes=["rules[0].port"])
thing("elements", rules(1, 1), rules(2, 2, x=2), ignore_changes=["rules[*].port"])
thing("elements-added", rules(1), rules(2, 2), ignore_changes=["rules[*].port"])
thing("elements-removed", rules(1, 1), rules(2), ignore_changes=["rules[*].port"])
thing("element-beyond", rules(1), rules(2), ignore_changes=["rules[5].port"])
thing("malformed", tags(a=1), tags(a=2), ignore_changes=["tags[", ".tags", ""])
thing("secret", tags(a=secret("1")), tags(a="2"), ignore_changes=["tags.a"])
thing("in-a-secret", {"tags": secret({"a": "1"})}, tags(a="2"), ignore_changes=["tags.a"])
"""
REPLACED = """
thing("on-member", tags(a=1, b=1), tags(a=2, b=1), replace_on_changes=["tags.a"])
thing("on-other-member", tags(a=1, b=1), tags(a=1, b=2), replace_on_changes=["tags.a"])
thing("on-whole", tags(a=1), tags(a=2), replace_on_changes=["tags"])
thing("on-deeper", {"tags": "a"}, {"tags": "b"}, replace_on_changes=["tags.a"])
thing("on-any", tags(a=1), tags(a=2), replace_on_changes=["*"])
thing("on-any-member", tags(a=1), tags(a=1, b=1), replace_on_changes=["tags.*"])
thing("on-quoted", {"tags": {"a.b": 1}}, {"tags": {"a.b": 2}}, replace_on_changes=['tags["a.b"]'])
thing("on-element", rules(1, 1), rules(2, 1), replace_on_changes=["rules[0].port"])
thing("on-other-element", rules(1, 1), rules(1, 2), replace_on_changes=["rules[0].port"])
thing("on-elements", rules(1, 1), rules(1, 2), replace_on_changes=["rules[*].port"])
thing("ignored-too", tags(a=1), tags(a=2), replace_on_changes=["tags.a"], ignore_changes=["tags.a"])
thing("malformed-unused", tags(a=1), tags(a=1), replace_on_changes=["tags["])
thing("triggered", {}, {}, replacement_trigger={"deep": [WHEN]})
thing("trigger-same", {}, {}, replacement_trigger=1)
thing("trigger-secret", {}, {}, replacement_trigger=secret("a") if WHEN == 1 else "a")
thing("trigger-new", {}, {}, replacement_trigger=None if WHEN == 1 else "a")
thing("trigger-gone", {}, {}, replacement_trigger="a" if WHEN == 1 else None)
cause = thing("cause", {}, {}, replacement_trigger=WHEN)
thing("replaced-with", {}, {}, replace_with=[cause])
early = thing("early", {}, {}, replacement_trigger=WHEN, delete_before_replace=True)
thing("replaced-with-early", {}, {}, replace_with=[early])
"""
IMPORTED = """
there = {"name": "there", "tags": {"a": 1}}
thing("imported", there, there, import_="there")
thing("changed", {**there, "tags": {"a": 2}}, there, import_="there-2")
thing("ignoring", {**there, "tags": {"a": 2}}, there, import_="there-3", ignore_changes=["tags.a"])
thing("protected", there, there, import_="there-4", protect=WHEN == 1)
thing("another", there, there, import_="there-5" if WHEN == 1 else "there-6")
thing("created", {}, there, import_=None if WHEN == 1 else "there-7")
thing("no-longer-imported", there, {**there, "name": "new"}, import_="there-8" if WHEN == 1 else None)
thing("transformed", there, there, transforms=[lambda args: pulumi.ResourceTransformResult(
    args.props, pulumi.ResourceOptions(import_="there-9"))])
thing("read", {}, {}, id="there-10" if WHEN == 1 else "there-11")
"""


@pytest.fixture(scope="module")
def real_cloud() -> MemoryCloud:
    return MemoryCloud()


@pytest.fixture(scope="module")
def engine(real_cloud: MemoryCloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealEngine]:
    with real_engine(tmp_path_factory.mktemp("real"), real_cloud) as started:
        yield started


@pytest.mark.parametrize("source", [IGNORED, REPLACED, IMPORTED], ids=["ignored", "replaced", "imported"])
def test_both_keep_change_and_replace_the_same(
    engine: RealEngine, real_cloud: MemoryCloud, tmp_path: Path, request: pytest.FixtureRequest, source: str
) -> None:
    our_cloud, state = fresh(), State()
    real_cloud.things = fresh().things
    project = request.node.callspec.id
    for when in (1, 2):
        program = write_program(tmp_path, f"WHEN = {when}\n{THINGS}{source}", project=project)
        if when == 1:
            engine.init(program.root, "dev")
        engine.ok(program.root, "up", "--yes", "--skip-preview", "--stack", "dev")
        deploy(program, our_cloud, state)
        assert done(our_cloud) == done(real_cloud), when
        assert left_by_ours(state) == left_by_real(engine, program), when
    engine.ok(program.root, "destroy", "--yes", "--skip-preview", "--stack", "dev")
    destroy(our_cloud, state)
    assert done(our_cloud) == done(real_cloud)


@pytest.mark.parametrize(
    ("project", "source", "said"),
    [
        ("protected", 'thing("a", {}, {}, replacement_trigger=WHEN, protect=True)', "protect"),
        ("malformed", 'thing("a", tags(a=1), tags(a=2), replace_on_changes=["tags["])', "bracket"),
        ("renamed", 'thing("a", {"name": "there"}, {"name": "b"}, import_="there")', "import"),
        ("elsewhere", 'thing("a", {}, {"name": "b"}, import_=None if WHEN == 1 else "there")', "import"),
        ("missing", 'thing("a", {}, {}, import_=None if WHEN == 1 else "nowhere")', "nowhere"),
    ],
)
def test_both_refuse_the_same_changes(  # noqa: PLR0917
    engine: RealEngine, real_cloud: MemoryCloud, tmp_path: Path, project: str, source: str, said: str
) -> None:
    our_cloud, state = fresh(), State()
    real_cloud.things = fresh().things
    program = write_program(tmp_path, f"WHEN = 1\n{THINGS}{source}", project=project)
    engine.init(program.root, "dev")
    engine.ok(program.root, "up", "--yes", "--skip-preview", "--stack", "dev")
    deploy(program, our_cloud, state)
    program = write_program(tmp_path, f"WHEN = 2\n{THINGS}{source}", project=project)
    told = engine.run(program.root, "up", "--yes", "--skip-preview", "--stack", "dev")
    assert told.returncode != 0
    assert said in told.stdout + told.stderr
    with pytest.raises(ToolkitError) as raised:
        deploy(program, our_cloud, state)
    assert said in raised.value.message
    assert done(our_cloud) == done(real_cloud)


def fresh() -> MemoryCloud:
    """A cloud with things that nobody manages yet."""
    there = {f"there-{number}": {"name": "there", "tags": {"a": 1}} for number in range(2, 12)}
    return MemoryCloud(things={"there": {"name": "there", "tags": {"a": 1}}} | there)
