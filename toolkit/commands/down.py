"""`marketplace down`: stops what runs on this machine; on request also destroys the stack or deletes all data."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from toolkit.errors import ToolkitError

STOPPED_WITHIN_SECONDS = 60.0


def down(
    destroy: Annotated[
        bool,
        typer.Option(
            "--destroy", help="Then delete every resource, one by one, through the engine that deployed them."
        ),
    ] = False,
    purge: Annotated[
        bool, typer.Option("--purge", help="Delete all data at once, as files: the next `up` starts anew.")
    ] = False,
    state: Annotated[Path, typer.Option(envvar="MARKETPLACE_STATE", help="Folder of this machine's state.")] = Path(
        ".marketplace"
    ),
    project: Annotated[Path, typer.Option(help="Folder of Pulumi.yaml, for --destroy.")] = Path(),
    stack: Annotated[str, typer.Option(help="For --destroy, if the last `up` did not complete.")] = "dev",
) -> None:
    """Stops every process of the stack on this machine. Its data stays, unless you destroy or purge it.

    [bold]--destroy[/bold] does what `pulumi destroy` would do in a cloud, and so shows whether the stack can be
    destroyed. [bold]--purge[/bold] needs no engine, so it also deletes a damaged state.
    """
    from toolkit.local.state.folder import accessible, is_ours, require_folder

    console = Console(highlight=False)
    require_folder(state)
    with accessible(state):
        empty = not state.is_dir() or not any(state.iterdir())
    if empty:
        console.print(f"nothing runs: there is nothing in {state}", soft_wrap=True)
        return
    if not is_ours(state):
        raise ToolkitError(
            f"{state} is not a state folder of ours, so nothing in it is touched",
            next_step="name the folder with --state",
        )
    if destroy:
        _require_destroyable(state, project, stack)
    stopped = _stop(state, broken=purge and not destroy)
    console.print(f"stopped {stopped} processes" if stopped else "nothing was running")
    if destroy:
        console.print(f"destroyed {_destroy(state, project, stack)} cloud resources")
    if purge:
        _purge(state, console)


def _stop(state: Path, *, broken: bool) -> int:
    """Stops the running `up`, or what a killed one left behind. Returns the number of processes."""
    from toolkit.local.stack.machine import Machine
    from toolkit.local.state.folder import accessible

    try:
        machine = Machine(state)
        alive = sum(identity.find() is not None for identity in machine.recorded().values())
    except ToolkitError:
        if not broken:
            raise
        with accessible(state):
            (state / "machine.json").unlink()  # unreadable, and about to be deleted
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


def _require_destroyable(state: Path, project: Path, stack: str) -> None:
    from toolkit.local.stack.destruction import require_destroyable

    require_destroyable(state, project=project, stack=stack)


def _destroy(state: Path, project: Path, stack: str) -> int:
    from toolkit.local.stack.destruction import destroy

    return destroy(state, project=project, stack=stack)


def _purge(state: Path, console: Console) -> None:
    from toolkit.local.state.folder import purge

    left = purge(state)
    if left:
        console.print(f"deleted what was ours in {state}; not ours, so still there: {', '.join(left)}", soft_wrap=True)
    else:
        console.print(f"deleted {state}", soft_wrap=True)
