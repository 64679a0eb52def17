"""`marketplace down`: stops what runs on this machine; with `--purge` forgets it too."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from toolkit.errors import ToolkitError

STOPPED_WITHIN_SECONDS = 60.0
OURS = ("machine.json", "lock", "state.json", "logs")
"""What a state folder holds: a folder with other things only is never touched."""


def down(
    purge: Annotated[bool, typer.Option("--purge", help="Delete the data too: the next `up` starts anew.")] = False,
    state: Annotated[Path, typer.Option(envvar="MARKETPLACE_STATE", help="Folder of this machine's state.")] = Path(
        ".marketplace"
    ),
) -> None:
    """Stops every process of the stack on this machine. Its data stays, unless you purge it."""
    console = Console(highlight=False)
    if not state.is_dir():
        console.print(f"nothing runs: there is no {state}")
        return
    _require_ours(state)
    stopped = _stop(state, broken=purge)
    console.print(f"stopped {stopped} processes" if stopped else "nothing was running")
    if purge:
        shutil.rmtree(state)
        console.print(f"deleted {state}")


def _stop(state: Path, *, broken: bool) -> int:
    """Asks the running `up` to end, and ends what a killed one left behind; how many processes."""
    from toolkit.local.machine import Machine

    try:
        machine = Machine(state)
        alive = sum(identity.find() is not None for identity in machine.recorded().values())
    except ToolkitError:
        if not broken:
            raise
        (state / "machine.json").unlink()  # unreadable: what it knew is lost, and it is about to be deleted
        machine, alive = Machine(state), 0
    owner = machine.owner
    if owner is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(owner, signal.SIGTERM)
        deadline = time.monotonic() + STOPPED_WITHIN_SECONDS
        while machine.owner is not None:
            if time.monotonic() > deadline:
                raise ToolkitError(
                    f"the process {owner} does not end", next_step=f"end it with `kill -9 {owner}`, then run down again"
                )
            time.sleep(0.05)
    machine.lock()
    machine.stop()
    return alive


def _require_ours(state: Path) -> None:
    if any(state.iterdir()) and not any((state / name).exists() for name in OURS):
        raise ToolkitError(
            f"{state} does not look like a state folder, so nothing in it is touched",
            next_step="name the folder with --state",
        )
