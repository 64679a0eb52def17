"""`marketplace status`: what runs on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import BaseModel
from rich.console import Console
from rich.table import Table

from toolkit.local.stack.machine import Machine
from toolkit.local.stack.overview import show
from toolkit.local.state.run import Run, last_run

if TYPE_CHECKING:
    import psutil

MEBIBYTE = 1024 * 1024


class ProcessStatus(BaseModel):
    """One process of the stack."""

    name: str
    pid: int
    running: bool
    memory_bytes: int
    """Its own and its children's. On Linux, what forked processes share is divided among them."""
    port: int | None
    restarts: int
    """How often it ended by itself and was started again."""


class Status(BaseModel):
    """What `marketplace status --json` prints."""

    running: bool
    owner: int | None
    """The pid of the `marketplace up` that runs the stack."""
    processes: list[ProcessStatus]
    memory_bytes: int
    last_run: Run | None


def status(
    json: Annotated[bool, typer.Option("--json", help="Print it as JSON, for programs.")] = False,
    state: Annotated[Path, typer.Option(envvar="MARKETPLACE_STATE", help="Folder of this machine's state.")] = Path(
        ".marketplace"
    ),
) -> None:
    """Shows the processes of the stack, their ports and memory, and what was deployed."""
    found = look(state)
    if json:
        typer.echo(found.model_dump_json(indent=2))
    else:
        _show(found, Console(highlight=False))


def look(state: Path) -> Status:
    """The state of the stack in this folder."""
    machine = Machine(state)
    owner = machine.owner if state.is_dir() else None
    run = last_run(state)
    processes = [] if owner is None else _processes(machine, run.ports if run else {})
    return Status(
        running=owner is not None,
        owner=owner,
        processes=processes,
        memory_bytes=sum(process.memory_bytes for process in processes),
        last_run=run,
    )


def _processes(machine: Machine, ports: Mapping[str, int]) -> list[ProcessStatus]:
    import psutil

    found = []
    restarts = machine.restarts()
    for name, identity in machine.recorded().items():
        process = identity.find()
        family = [process, *process.children(recursive=True)] if process else []
        memory = 0
        for member in family:
            try:
                memory += _memory_bytes(member)
            except psutil.NoSuchProcess:
                continue
        found.append(
            ProcessStatus(
                name=name,
                pid=identity.pid,
                running=process is not None,
                memory_bytes=memory,
                port=ports.get(name),
                restarts=restarts.get(name, 0),
            )
        )
    return found


def _memory_bytes(process: psutil.Process) -> int:
    """The proportional set size where the system tells it, else the resident one."""
    import psutil

    try:
        proportional: int = process.memory_full_info().pss
    except (AttributeError, psutil.AccessDenied):
        return int(process.memory_info().rss)
    return proportional


def _show(found: Status, console: Console) -> None:
    if not found.running:
        console.print("nothing runs here: start it with [bold]marketplace up[/]")
    else:
        table = Table("Process", "Pid", "Port", "Memory", "", box=None, pad_edge=False, header_style="dim")
        for process in found.processes:
            memory = f"{process.memory_bytes / MEBIBYTE:.0f} MiB" if process.running else ""
            table.add_row(process.name, str(process.pid), str(process.port or ""), memory, _how(process))
        console.print(table)
        console.print(f"\ntogether {found.memory_bytes / MEBIBYTE:.0f} MiB")
    run = found.last_run
    if run is None:
        console.print("no deployment is recorded")
        return
    console.print(f"\nstack {run.stack}, deployed by the {run.engine} engine")
    # The addresses of a stack that does not run are of no use.
    show(run if found.running else run.model_copy(update={"endpoints": {}}), console)


def _how(process: ProcessStatus) -> str:
    """What is unusual about a process."""
    running = "" if process.running else "[red]not running[/]"
    times = "once" if process.restarts == 1 else f"{process.restarts} times"
    return ", ".join(filter(None, (running, f"[yellow]restarted {times}[/]" if process.restarts else "")))
