"""Starts a program's process against one or more hosts, and turns what goes wrong into one clear error."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Sequence
from typing import IO, Any

from toolkit.engine.describing import RemoteSdk
from toolkit.engine.monitor import Monitor, MonitorServer
from toolkit.engine.program import Program
from toolkit.engine.registration import Host
from toolkit.errors import ToolkitError


def run(program: Program, hosts: Sequence[Host], sdk: RemoteSdk | None = None) -> None:
    """Runs the program once for each host, one after the other in the same process (the SDKs load only once).

    With an `sdk`, that process also describes its SDKs to the hosts.

    Raises:
        ToolkitError: a host refused something, or the program raised (the message names its file and line).
    """
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(MonitorServer(_monitor(host, program))) for host in hosts]
        child = stack.enter_context(_start(program))
        try:
            _send(child, _order(program, servers) | {"describe": sdk is not None})
            if sdk is not None and (greeting := _receive(child)):
                sdk.connect(greeting["address"])
                stack.callback(sdk.close)
            for server in servers:
                _check(server, _receive(child), program)
        finally:
            _stop(child)


def _monitor(host: Host, program: Program) -> Monitor:
    return Monitor(host, project=program.project, stack=program.stack, root=program.root)


def _order(program: Program, servers: Sequence[MonitorServer]) -> dict[str, Any]:
    return {
        "project": program.project,
        "stack": program.stack,
        "organization": program.organization,
        "root": str(program.root),
        "main": str(program.main),
        "config": dict(program.config),
        "secret_keys": list(program.secret_keys),
        "runs": [{"address": s.address, "preview": s.monitor.host.preview} for s in servers],
    }


def _start(program: Program) -> subprocess.Popen[str]:
    environment = os.environ | {"GRPC_VERBOSITY": "NONE", "PYTHONUNBUFFERED": "1"}
    command = [program.python, "-m", "toolkit.engine.launcher"]
    return subprocess.Popen(
        command, cwd=program.folder, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def _pipe(stream: IO[str] | None) -> IO[str]:
    if stream is None:
        raise ValueError("the process was started without a pipe")
    return stream


def _send(child: subprocess.Popen[str], order: dict[str, Any]) -> None:
    with contextlib.suppress(BrokenPipeError), _pipe(child.stdin) as stdin:
        json.dump(order, stdin)


def _receive(child: subprocess.Popen[str]) -> dict[str, Any] | None:
    line = _pipe(child.stdout).readline()
    return json.loads(line) if line else None


def _check(server: MonitorServer, report: dict[str, Any] | None, program: Program) -> None:
    if server.monitor.failure is not None:
        raise server.monitor.failure
    if report is None:
        raise ToolkitError(
            f"the program of stack {program.stack} ended before it was done",
            next_step="look above for what its process said; it may have been killed for want of memory",
        )
    if report and report["refused"]:
        settings = f"Pulumi.{program.stack}.yaml"
        raise ToolkitError(report["message"], next_step=f"correct {settings} or the program, and run again")
    if report:
        where = f"{report['file']}:{report['line']}: " if report["file"] else ""
        kind = "" if report["error"] == "RunError" else f"{report['error']}: "
        raise ToolkitError(
            f"{where}{kind}{report['message']}",
            next_step=f"correct {report['file'] or program.main.name} and run again",
        )


def _stop(child: subprocess.Popen[str]) -> None:
    try:
        child.wait(timeout=2)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
