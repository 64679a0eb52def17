"""Runs a program against one or more hosts, and turns what goes wrong into one clear error."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from typing import Any

from toolkit.engine.describing import RemoteSdk
from toolkit.engine.monitor import Monitor, MonitorServer
from toolkit.engine.process import ProgramProcess
from toolkit.engine.program import Program
from toolkit.engine.refusals import not_offline
from toolkit.engine.registration import Host
from toolkit.errors import ToolkitError

_UNSUPPORTED = "The Pulumi CLI does not support"
"""How the SDK refuses what an engine has not announced."""


class FilesInTheWay(ToolkitError):
    """The program could not read or write its files, perhaps because of another run beside it."""


def run(
    program: Program, hosts: Sequence[Host], sdks: Sequence[RemoteSdk] = (), processes: Sequence[ProgramProcess] = ()
) -> None:
    """Runs the program once for each host, side by side, each in a process of its own.

    Where there are `sdks`, one for each host, a host's process also describes its SDKs to it. A caller that has started
    processes already, to save time, gives them as `processes`. Only the first one's output is shown: the others repeat
    it. Of one that ends before it is done, the last lines are shown.

    Raises:
        ToolkitError: a host refused something, or the program raised (the message names its file and line).
        FilesInTheWay, AssetUnreadable: that was about files, which runs side by side may take from each other.
    """
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(MonitorServer(_monitor(host, program))) for host in hosts]
        missing = range(len(processes), len(hosts))
        started = [stack.enter_context(ProgramProcess(program, quiet=number > 0)) for number in missing]
        runs = list(zip(servers, (*processes, *started), strict=True))
        for server, process in runs:
            process.send(_instructions(program, server) | {"describe": bool(sdks)})
        for sdk, (_, process) in zip(sdks, runs, strict=False):
            if greeting := process.receive():
                sdk.connect(greeting["address"])
                stack.callback(sdk.close)
        for server, process in runs:
            report = process.receive()
            if report is None and (lines := process.last_lines()):
                sys.stderr.write(f"{lines}\n")
            _check(server, report, program)


def _monitor(host: Host, program: Program) -> Monitor:
    return Monitor(host, project=program.project, stack=program.stack, root=program.root)


def _instructions(program: Program, server: MonitorServer) -> dict[str, Any]:
    return {
        "project": program.project,
        "stack": program.stack,
        "organization": program.organization,
        "root": str(program.root),
        "main": str(program.main),
        "config": dict(program.config),
        "secret_keys": list(program.secret_keys),
        "monitor": server.address,
        "preview": server.monitor.host.preview,
    }


def _check(server: MonitorServer, report: dict[str, Any] | None, program: Program) -> None:
    if server.monitor.failure is not None:
        raise server.monitor.failure
    if report is None:
        raise ToolkitError(
            f"the program of stack {program.stack} ended before it was done",
            next_step="read what its process printed above; it may have been killed for lack of memory",
        )
    if report and report["refused"]:
        settings = f"Pulumi.{program.stack}.yaml"
        raise ToolkitError(report["message"], next_step=f"correct {settings} or the program, and run again")
    if report and _UNSUPPORTED in report["message"]:
        what = report["message"].partition(_UNSUPPORTED)[2].partition(".")[0].strip()
        raise not_offline(f"the program uses {what}")
    if report:
        where = f"{report['file']}:{report['line']}: " if report["file"] else ""
        kind = "" if report["error"] == "RunError" else f"{report['error']}: "
        failure = FilesInTheWay if report["os_error"] else ToolkitError
        raise failure(
            f"{where}{kind}{report['message']}",
            next_step=f"correct {report['file'] or program.main.name} and run again",
        )
