from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from toolkit.local.processes.identity import ProcessIdentity, stop_leftover, stop_processes

OWNER = """
import os, sys, time
from pathlib import Path
from toolkit.local.processes.child_process import ChildProcess
command = [sys.executable, "-c", "import time; time.sleep(60)"]
child = ChildProcess(command, log=Path(sys.argv[1]) / "child.log", environment=os.environ)
print(child.pid, flush=True)
time.sleep(60)
"""


def test_no_process_survives_an_owner_that_was_killed(tmp_path: Path) -> None:
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    child = ProcessIdentity.of(int(owner.stdout.readline()))
    assert child.find() is not None
    owner.kill()
    owner.wait()
    assert ended_within(child, 5)


def test_ctrl_c_reaches_the_owner_alone(tmp_path: Path) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path)], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert owner.stdout is not None
    child = ProcessIdentity.of(int(owner.stdout.readline()))
    assert os.getpgid(child.pid) != os.getpgid(owner.pid)
    os.killpg(owner.pid, signal.SIGINT)
    owner.wait()
    assert ended_within(child, 5)


def test_a_process_that_ignores_its_signal_is_killed() -> None:
    stubborn = "import signal, time; signal.signal(15, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", stubborn], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    stop_processes([ProcessIdentity.of(process.pid)], grace_seconds=0.2)
    assert process.wait(5) == -signal.SIGKILL


def test_a_pid_that_belongs_to_another_process_now_is_left_alone(tmp_path: Path) -> None:
    process = subprocess.Popen(["sleep", "60"])
    reused = ProcessIdentity(pid=process.pid, started=ProcessIdentity.of(process.pid).started - 60)
    stop_processes([reused], grace_seconds=0)
    (tmp_path / "server.pid").write_text(str(process.pid))
    stop_leftover(tmp_path / "server.pid", tmp_path)
    assert process.poll() is None
    assert not (tmp_path / "server.pid").exists()
    process.kill()
    process.wait()


def ended_within(identity: ProcessIdentity, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while identity.find() is not None and time.monotonic() < deadline:
        time.sleep(0.02)
    return identity.find() is None
