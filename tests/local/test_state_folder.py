"""A state folder that is damaged, out of reach or only partly there: one clear error with the next step."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from toolkit.cli import app
from toolkit.commands.down import down
from toolkit.engine.state import ResourceState, State
from toolkit.errors import ToolkitError
from toolkit.local.servers.unprivileged import NOBODY
from toolkit.local.stack.machine import Machine
from toolkit.local.state.folder import claim
from toolkit.local.state.integrity import require_integrity
from toolkit.local.state.run import Resources, Run

COMMANDS = (["up"], ["down"], ["down", "--purge"], ["status"])
RUN = Run(
    stack="dev",
    engine="offline",
    url="http://127.0.0.1:8080",
    endpoints={"Gateway": "http://127.0.0.1:8080"},
    resources=Resources(total=1, emulated=1, recorded=0, create=1, update=0, replace=0, delete=0, same=0),
)


def refused(command: list[str], state: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """What a command says that ends with an error; a traceback would be another exception than SystemExit."""
    with pytest.raises(SystemExit) as ended:
        app([*command, "--state", str(state)])
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert "next:" in said
    return said


@pytest.fixture
def without_rights() -> Iterator[Path]:
    """A folder of ours in which this process may read, but not write."""
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state"
        claim(state)
        state.chmod(0o555)
        Path(folder).chmod(0o555)
        root = os.geteuid() == 0
        if root:
            os.seteuid(NOBODY)
        yield state
        if root:
            os.seteuid(0)
        Path(folder).chmod(0o755)
        state.chmod(0o755)


def finished(state: Path) -> Path:
    """The folder of a run that came to its end, as far as `up` looks at it before it starts anything."""
    interrupted(state)
    (state / "moto.snapshot").write_bytes(b"")
    RUN.write(state)
    return state


def interrupted(state: Path) -> Path:
    """The folder of a first run that was killed before the AWS services wrote their state down."""
    claim(state)
    (state / "postgres" / "data").mkdir(parents=True)
    State(state / "state.json").record([ResourceState(urn="urn:pulumi:dev::m::t::n", type="t", name="n")])
    return state


@pytest.mark.parametrize("purge", [False, True])
def test_down_names_a_folder_without_write_permission(purge: bool, without_rights: Path) -> None:
    with pytest.raises(ToolkitError, match=f"{without_rights}/lock cannot be used: Permission denied"):
        down(destroy=False, purge=purge, state=without_rights)


def test_a_folder_that_cannot_be_made_is_named(without_rights: Path) -> None:
    with pytest.raises(ToolkitError, match="cannot be used: Permission denied") as denied:
        Machine(without_rights.parent / "new" / "state").lock()
    assert "--state DIR" in denied.value.next_step


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_state_folder_that_is_a_file_is_refused(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("mine")
    assert "is not a folder" in refused(command, tmp_path / "file", capsys)
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize(
    "book",
    ["[]", "null", "{", '{"ports": []}', '{"ports": {"redis": "x"}}', '{"processes": {"redis": {"pid": 1}}}', "\xff"],
)
def test_a_book_of_another_form_is_refused_and_can_be_purged(
    book: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "state"
    claim(state)
    (state / "machine.json").write_text(book, encoding="latin-1")
    for command in (["up"], ["down"], ["status"]):
        said = refused(command, state, capsys)
        assert "machine.json is not readable" in said
        assert "down --purge" in said
    with pytest.raises(SystemExit) as ended:
        app(["down", "--purge", "--state", str(state)])
    assert not ended.value.code
    assert not state.exists()


@pytest.mark.parametrize("record", [b"", b"{", b"[]", b"\xff"])
def test_a_damaged_record_of_the_run_is_no_record(
    record: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    claim(tmp_path)
    (tmp_path / "up.json").write_bytes(record)
    with pytest.raises(SystemExit) as ended:
        app(["status", "--state", str(tmp_path)])
    assert not ended.value.code
    assert "no deployment is recorded" in capsys.readouterr().out


def test_status_of_a_stopped_stack_names_no_address(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    finished(tmp_path)
    with pytest.raises(SystemExit):
        app(["status", "--state", str(tmp_path)])
    said = capsys.readouterr().out
    assert "nothing runs here" in said
    assert "stack dev" in said
    assert "http://" not in said


@pytest.mark.parametrize("part", ["state.json", "moto.snapshot", "postgres/data"])
def test_a_part_that_was_deleted_is_named(part: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = finished(tmp_path)
    require_integrity(state)
    (state / part).rename(tmp_path / "elsewhere")
    said = refused(["up"], state, capsys)
    assert f"{part} of an earlier run is missing" in said
    assert "down --purge" in said
    assert not (state / "postgres" / "data" / "PG_VERSION").exists()
    assert Machine(state).recorded() == {}


def test_an_interrupted_first_run_can_be_continued(tmp_path: Path) -> None:
    state = tmp_path / "state"
    claim(state)
    require_integrity(state)
    (state / "postgres" / "data").mkdir(parents=True)
    require_integrity(state)
    (state / "moto.snapshot").write_bytes(b"")
    require_integrity(state)
    require_integrity(interrupted(tmp_path / "later"))


def test_resources_without_the_database_are_refused_even_after_an_interrupted_run(tmp_path: Path) -> None:
    state = interrupted(tmp_path)
    (state / "postgres" / "data").rmdir()
    with pytest.raises(ToolkitError, match="postgres/data"):
        require_integrity(state)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("config:\n  marketplace:profile: prod\n", 'add `marketplace:protect: "false"` to Pulumi.dev.yaml'),
        ("{}\n", "deploy once without their `protect`"),
    ],
    ids=["by its profile", "by its program"],
)
def test_a_protected_stack_is_not_even_stopped(
    settings: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = finished(tmp_path / "state")
    protected = ResourceState(urn="urn:pulumi:dev::m::t::orders", type="t", name="orders", protect=True)
    State(state / "state.json").record([protected])
    for name, content in (("Pulumi.yaml", "name: m\n"), ("Pulumi.dev.yaml", settings), ("__main__.py", "")):
        (tmp_path / name).write_text(content)
    refusal = refused(["down", "--destroy", "--project", str(tmp_path)], state, capsys)
    assert "protected, so not deleted: orders (t)" in refusal
    assert said in refusal
    assert not (state / "lock").exists()


def test_a_wrong_project_is_refused_before_anything_is_stopped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = finished(tmp_path / "state")
    assert "there is no Pulumi.yaml" in refused(["down", "--destroy", "--project", str(tmp_path)], state, capsys)
    assert not (state / "lock").exists()


def test_a_destroyed_stack_needs_nothing(tmp_path: Path) -> None:
    state = finished(tmp_path)
    State(state / "state.json").record([])
    (state / "moto.snapshot").unlink()
    require_integrity(state)
