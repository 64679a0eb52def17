"""Resource options that decide between keeping, changing and replacing, by the offline engine alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.memory_cloud import MemoryCloud
from tests.engine.small_programs import THINGS, write_program
from toolkit.engine.deployment import deploy
from toolkit.engine.state import State
from toolkit.engine.values import Secret
from toolkit.errors import ToolkitError


def twice(folder: Path, source: str) -> tuple[MemoryCloud, State]:
    """What the second deployment did and left; `WHEN` tells the program which one it is."""
    cloud, state = MemoryCloud(things={"there": {"name": "a", "tags": {"a": 1}}}), State()
    for when in (1, 2):
        cloud.journal.clear()
        deploy(write_program(folder, f"WHEN = {when}\n{THINGS}{source}"), cloud, state)
    return cloud, state


KEPT: list[str] = []
UPDATED = ["update a"]
REPLACED = ["create a", "delete a"]


@pytest.mark.parametrize(
    ("source", "journal"),
    [
        ('thing("a", tags(a=1, b=1), tags(a=2, b=1), ignore_changes=["tags.a"])', KEPT),
        ('thing("a", tags(b=1), tags(a=1, b=1), ignore_changes=["tags.*"])', KEPT),
        ('thing("a", tags(a=1), tags(a=2), ignore_changes=["tags["])', UPDATED),
        ('thing("a", tags(a=1, b=1), tags(a=2, b=1), replace_on_changes=["tags.a"])', REPLACED),
        ('thing("a", tags(a=1, b=1), tags(a=1, b=2), replace_on_changes=["tags.a"])', UPDATED),
        ('thing("a", rules(1, 1), rules(1, 2), replace_on_changes=["rules[0].port"])', UPDATED),
        ('thing("a", rules(1, 1), rules(1, 2), replace_on_changes=["rules[*].port"])', REPLACED),
        ('thing("a", {}, {}, replacement_trigger=[WHEN])', REPLACED),
        ('thing("a", {}, {}, replacement_trigger=secret("x") if WHEN == 1 else "x")', KEPT),
        (
            'thing("a", {}, {}, replace_with=[thing("b", {}, {}, replacement_trigger=WHEN, retain_on_delete=True)])',
            None,
        ),
        ('thing("a", {}, {"tags": {"a": 2}}, import_=None if WHEN == 1 else "there")', ["delete a", "update a"]),
        ('thing("a", tags(a=1), tags(a=1), import_="there")', KEPT),
        ('thing("a", {}, {}, id=None) if WHEN == 1 else thing("a", {}, {}, id="there")', ["delete a"]),
    ],
)
def test_an_option_decides_what_is_done(tmp_path: Path, source: str, journal: list[str] | None) -> None:
    cloud, _ = twice(tmp_path, source)
    assert sorted(cloud.journal) == (["create a", "create b", "delete a"] if journal is None else journal)


def test_an_ignored_value_stays_secret(tmp_path: Path) -> None:
    _, state = twice(tmp_path, 'thing("a", tags(a=secret("1")), tags(a="2"), ignore_changes=["tags.a"])')
    assert state.resources[-1].inputs["tags"] == {"a": Secret("1")}


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ('thing("a", {}, {}, replacement_trigger=WHEN, protect=True)', "is protected, and its replacement_trigger"),
        ('thing("a", tags(a=1), tags(a=2), replace_on_changes=["tags["])', "'tags[' is not a property path"),
        ('thing("a", {}, {}, hide_diffs=["tags["])', "`hide_diffs` of a (aws:index/thing:Thing): 'tags[' is not a"),
        ('thing("b", {}, {}, import_="there")', "is imported, and its name cannot change without replacing it"),
        ('thing("a", {}, {}, import_="nowhere")', "no resource has the id 'nowhere'"),
    ],
)
def test_what_an_option_does_not_allow_is_refused(tmp_path: Path, source: str, said: str) -> None:
    with pytest.raises(ToolkitError) as raised:
        twice(tmp_path, source)
    assert said in raised.value.message
