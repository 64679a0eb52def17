"""A second `up` runs the program only where it could declare something else."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest

from toolkit.engine.program import Program
from toolkit.engine.state import ResourceState, State
from toolkit.errors import ToolkitError
from toolkit.local.deployers import fingerprint
from toolkit.local.deployers.offline import STATE_FILE, OfflineDeployer

QUEUE = ResourceState(urn="urn:pulumi:dev::shop::aws:sqs/queue:Queue::work", type="aws:sqs/queue:Queue", name="work")


@pytest.fixture(autouse=True)
def one_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pytest changes a variable between the phases of a test."""
    monkeypatch.setattr(fingerprint, "_OF_A_SHELL", fingerprint._OF_A_SHELL | {"PYTEST_CURRENT_TEST"})


@pytest.fixture
def program(tmp_path: Path) -> Program:
    root = tmp_path / "project"
    (root / "parts").mkdir(parents=True)
    (root / "__main__.py").write_text("import parts.queue")
    (root / "parts" / "queue.py").write_text("")
    return Program(
        root=root,
        project="shop",
        stack="dev",
        main=root / "__main__.py",
        settings_file=root / "Pulumi.dev.yaml",
        config={"aws:region": "eu-west-1"},
    )


@pytest.fixture
def folder(tmp_path: Path, program: Program) -> Path:
    """The state folder of a run that ended well."""
    folder = tmp_path / "state"
    folder.mkdir()
    state = State(folder / STATE_FILE)
    state.outputs = {"url": "http://somewhere"}
    state.record([QUEUE])
    deployer = OfflineDeployer(folder)
    assert deployer.resume(program) is None
    deployer.seal()
    return folder


def test_a_run_that_ended_well_is_resumed(folder: Path, program: Program) -> None:
    resumed = OfflineDeployer(folder).resume(program)
    assert resumed is not None
    assert resumed.resources == [QUEUE]
    assert resumed.outputs == {"url": "http://somewhere"}
    assert resumed.changes == {"create": 0, "update": 0, "replace": 0, "delete": 0, "same": 1}


def test_a_run_that_was_killed_is_not(folder: Path, program: Program) -> None:
    assert OfflineDeployer(folder).resume(program) is not None
    assert OfflineDeployer(folder).resume(program) is None


def test_a_changed_file_ends_it(folder: Path, program: Program) -> None:
    (program.root / "parts" / "queue.py").write_text("import pulumi_aws")
    assert OfflineDeployer(folder).resume(program) is None


def test_a_new_file_ends_it(folder: Path, program: Program) -> None:
    (program.root / "parts" / "topic.py").touch()
    assert OfflineDeployer(folder).resume(program) is None


def test_a_program_outside_its_project_is_looked_at_too(folder: Path, program: Program, tmp_path: Path) -> None:
    elsewhere = tmp_path / "source"
    elsewhere.mkdir()
    main = elsewhere / "__main__.py"
    main.touch()
    moved = dataclasses.replace(program, main=main)
    deployer = OfflineDeployer(folder)
    deployer.resume(moved)
    deployer.seal()
    main.write_text("import pulumi_aws")
    assert OfflineDeployer(folder).resume(moved) is None


def test_files_behind_a_link_are_looked_at_too(folder: Path, program: Program, tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "names.py").touch()
    (program.root / "shared").symlink_to(tmp_path / "shared")
    deployer = OfflineDeployer(folder)
    deployer.resume(program)
    deployer.seal()
    (tmp_path / "shared" / "names.py").write_text("NAME = 'work'")
    assert OfflineDeployer(folder).resume(program) is None


def test_a_file_that_vanishes_meanwhile_ends_it(folder: Path, program: Program) -> None:
    (program.root / "gone").symlink_to(program.root / "nowhere")
    deployer = OfflineDeployer(folder)
    assert deployer.resume(program) is None
    deployer.seal()
    assert OfflineDeployer(folder).resume(program) is None


def test_a_changed_setting_ends_it(folder: Path, program: Program) -> None:
    assert OfflineDeployer(folder).resume(dataclasses.replace(program, config={"aws:region": "us-east-1"})) is None


def test_another_stack_ends_it(folder: Path, program: Program) -> None:
    assert OfflineDeployer(folder).resume(dataclasses.replace(program, stack="test")) is None


def test_a_changed_environment_ends_it(folder: Path, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGE_TAG", "v2")
    assert OfflineDeployer(folder).resume(program) is None


def test_another_package_ends_it(folder: Path, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprint, "_packages", lambda: [("pulumi_aws-8.0.0.dist-info", 1)])
    assert OfflineDeployer(folder).resume(program) is None


def test_what_only_the_shell_or_python_writes_changes_nothing(
    folder: Path, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHLVL", "7")
    for name in (".git", "parts/__pycache__"):
        (program.root / name).mkdir()
        (program.root / name / "file").touch()
    assert OfflineDeployer(folder).resume(program) is not None


def test_another_stacks_folder_is_refused_before_anything_starts(folder: Path, program: Program) -> None:
    state = State(folder / STATE_FILE)
    state.stack = "shop/prod"
    state.save()
    with pytest.raises(ToolkitError, match=r"holds the stack shop/prod, not shop/dev"):
        OfflineDeployer(folder).resume(program)


def test_an_edit_that_keeps_size_and_time_ends_it(folder: Path, program: Program) -> None:
    main = program.root / "__main__.py"
    before = main.stat()
    main.write_text(main.read_text().replace("queue", "topic"))
    os.utime(main, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert OfflineDeployer(folder).resume(program) is None
