from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from toolkit.local.processes.child_process import ChildProcess
from toolkit.local.processes.fork_server import GONE, ForkServer

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux only")

PROGRAM = """
import json, os, pathlib, signal, sys, time
seen = {
    "arguments": sys.argv[1:], "name": __name__, "environment": dict(os.environ), "folder": os.getcwd(),
    "leader": os.getsid(0) == os.getpid(), "input": sys.stdin.read(), "ready": "fastapi" in sys.modules,
    "child_signal": signal.getsignal(signal.SIGCHLD) is signal.SIG_DFL,
}
print("said")
pathlib.Path("seen.json").write_text(json.dumps(seen))
if "wait" in sys.argv:
    time.sleep(60)
sys.exit(int(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def forks() -> Iterator[ForkServer]:
    server = ForkServer()
    server.start()
    yield server
    server.stop()


def child(folder: Path, forks: ForkServer, *arguments: str) -> ChildProcess:
    (folder / "sample.py").write_text(PROGRAM)
    environment = {"PYTHONPATH": str(folder), "ONLY": "this"}
    command = [sys.executable, "-m", "sample", *arguments]
    return ChildProcess(command, log=folder / "child.log", environment=environment, folder=folder, forks=forks)


def seen(folder: Path) -> dict[str, object]:
    deadline = time.monotonic() + 20
    while not (folder / "seen.json").exists():
        assert time.monotonic() < deadline, (folder / "child.log").read_text()
        time.sleep(0.01)
    time.sleep(0.05)
    facts: dict[str, object] = json.loads((folder / "seen.json").read_text())
    return facts


def test_a_forked_process_is_as_if_started_on_its_own(tmp_path: Path, forks: ForkServer) -> None:
    started = child(tmp_path, forks, "3", "more")
    assert started.wait(20) == 3
    assert started.exit_code == 3
    assert seen(tmp_path) == {
        "arguments": ["3", "more"],
        "name": "__main__",
        "environment": {"PYTHONPATH": str(tmp_path), "ONLY": "this"},
        "folder": str(tmp_path),
        "leader": True,
        "input": "",
        "ready": True,
        "child_signal": True,
    }
    assert started.last_lines() == "said"


def test_how_a_forked_process_ends_is_known(tmp_path: Path, forks: ForkServer) -> None:
    started = child(tmp_path, forks, "0", "wait")
    seen(tmp_path)
    assert started.exit_code is None
    assert started.wait(0.05) is None
    os.kill(started.pid, signal.SIGKILL)
    assert started.wait(10) == -signal.SIGKILL
    again = child(tmp_path, forks, "0", "wait")
    again.stop()
    assert again.exit_code == -signal.SIGTERM


def test_a_module_that_cannot_be_imported_ends_with_its_traceback_in_the_log(tmp_path: Path, forks: ForkServer) -> None:
    command = [sys.executable, "-m", "no_such_module"]
    started = ChildProcess(command, log=tmp_path / "log", environment={}, folder=tmp_path, forks=forks)
    assert started.wait(20) == 1
    assert "no_such_module" in started.last_lines()


def test_what_the_fork_server_leaves_behind_is_still_stopped_and_new_processes_start_on_their_own(
    tmp_path: Path,
) -> None:
    server = ForkServer()
    server.start()
    left = child(tmp_path, server, "0", "wait")
    assert seen(tmp_path)["ready"]
    assert server._process is not None
    server._process.kill()
    server._process.wait()
    assert left.exit_code is None
    left.stop()
    assert left.exit_code == GONE
    (tmp_path / "seen.json").unlink()
    alone = child(tmp_path, server, "0")
    assert alone.wait(20) == 0
    assert not seen(tmp_path)["ready"]
    server.stop()


def test_other_commands_are_not_forked(tmp_path: Path, forks: ForkServer) -> None:
    command = [sys.executable, "-c", "import sys; print('fastapi' in sys.modules)"]
    started = ChildProcess(command, log=tmp_path / "log", environment={}, folder=tmp_path, forks=forks)
    assert isinstance(started._process, subprocess.Popen)
    assert started.wait(20) == 0
    assert started.last_lines() == "False"
