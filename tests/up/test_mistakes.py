"""A user's mistakes: one clear error with the next step, and nothing left running."""

from __future__ import annotations

import json
import shutil
import socket
from pathlib import Path

import pytest

from tests.up.conftest import ROOT, marketplace, project_with
from toolkit.local.processes.ports import free_port
from toolkit.local.state.folder import claim


def _refused(*arguments: str, state: Path, folder: Path = ROOT) -> dict[str, str]:
    done = marketplace("up", "--once", "--json", "--state", str(state), *arguments, folder=folder)
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    error: dict[str, str] = json.loads(done.stdout)
    assert error["next_step"]
    return error


def test_a_taken_port_is_named_before_anything_is_deployed(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        error = _refused("--port", str(port), state=tmp_path / "state")
    assert f"port {port}" in error["error"]
    assert "--port" in error["next_step"]
    assert not (tmp_path / "state" / "state.json").exists()


def test_an_unknown_stack_lists_those_that_exist(tmp_path: Path) -> None:
    error = _refused("--stack", "production", state=tmp_path)
    assert "production" in error["error"]
    assert "dev" in error["next_step"]


def test_a_misspelled_setting_is_refused_with_a_suggestion(tmp_path: Path) -> None:
    project = project_with(tmp_path, "returnWindowDays", "returnWindowDay")
    error = _refused("--project", str(project), "--port", str(free_port()), state=tmp_path / "state")
    assert "marketplace:returnWindowDay" in error["error"]
    assert "did you mean marketplace:returnWindowDays" in error["error"]


def test_an_unknown_engine_is_refused_by_name(tmp_path: Path) -> None:
    assert "offline" in _refused("--engine", "terraform", state=tmp_path)["next_step"]


def test_the_pulumi_engine_without_a_cli_says_how_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    if shutil.which("pulumi"):
        pytest.skip("the CLI is in /usr/bin")
    error = _refused("--engine", "pulumi", "--port", str(free_port()), state=tmp_path / "state")
    assert "pulumi" in error["error"]
    assert "install" in error["next_step"]


def test_a_half_written_state_is_refused_unlike_an_empty_one(tmp_path: Path) -> None:
    state = tmp_path / "state"
    claim(state)
    (state / "state.json").write_text('{"version": 1, "stack": "marketplace/dev", "resources": [')
    error = _refused("--port", str(free_port()), state=state)
    assert "state.json" in error["error"]
    assert "down --purge" in error["next_step"]
    purged = marketplace("down", "--purge", "--state", str(state))
    assert purged.returncode == 0, purged.stderr
    assert not state.exists()


def test_an_unreadable_machine_book_is_refused_and_can_be_purged(tmp_path: Path) -> None:
    state = tmp_path / "state"
    claim(state)
    (state / "machine.json").write_text("{")
    error = _refused(state=state)
    assert "machine.json" in error["error"]
    assert marketplace("down", "--purge", "--state", str(state)).returncode == 0
    assert not state.exists()


@pytest.mark.parametrize("name", ["logs", "lock", "state.json", "machine.json"])
def test_purge_never_touches_a_folder_that_only_looks_like_ours(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "important.log").write_text("years of work")
    (tmp_path / "thesis.txt").write_text("years of work")
    refused = marketplace("down", "--purge", "--state", str(tmp_path))
    assert refused.returncode == 1
    assert "--state" in refused.stderr
    assert (tmp_path / name / "important.log").exists()
    assert (tmp_path / "thesis.txt").exists()


def test_a_project_folder_is_neither_taken_for_the_state_nor_purged(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    for name in ("Pulumi.yaml", "Pulumi.dev.yaml"):
        text = (ROOT / name).read_text().replace("main: stacks/", f"main: {ROOT / 'stacks'}")
        (tmp_path / name).write_text(text)
    before = sorted(tmp_path.iterdir())
    error = _refused("--port", str(free_port()), state=Path(), folder=tmp_path)
    assert "holds something else" in error["error"]
    assert marketplace("down", "--purge", "--state", ".", folder=tmp_path).returncode == 1
    assert sorted(tmp_path.iterdir()) == before


def test_what_somebody_put_beside_our_state_survives_a_purge(tmp_path: Path) -> None:
    state = tmp_path / "state"
    claim(state)
    (state / "logs").mkdir()
    (state / "state.json").write_text("{}")
    (state / "thesis.txt").write_text("years of work")
    purged = marketplace("down", "--purge", "--state", str(state))
    assert purged.returncode == 0
    assert "thesis.txt" in purged.stdout
    assert [entry.name for entry in state.iterdir()] == ["thesis.txt"]
