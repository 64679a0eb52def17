"""`marketplace logs NAME`: what a process of the stack wrote."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import IO, Annotated

import typer

from toolkit.errors import ToolkitError

POLL_SECONDS = 0.2
BLOCK_BYTES = 65_536


def logs(
    name: Annotated[str, typer.Argument(help="A process, as `marketplace status` names it.")],
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Keep printing what is written.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, help="How many of the last lines to show.")] = 200,
    state: Annotated[Path, typer.Option(envvar="MARKETPLACE_STATE", help="Folder of this machine's state.")] = Path(
        ".marketplace"
    ),
) -> None:
    """Prints the log of one process: a service, a function, a poller, a database or the gateway."""
    from toolkit.local.processes.child_process import last_lines

    file = _log(state / "logs", name)
    with file.open("rb") as log:
        log.seek(0, 2)
        typer.echo(last_lines(file, lines))
        if follow:
            with contextlib.suppress(KeyboardInterrupt):
                _follow(log)


def _log(folder: Path, name: str) -> Path:
    file = folder / f"{name}.log"
    if Path(name).name == name and file.is_file():
        return file
    known = sorted(path.stem for path in folder.glob("*.log"))
    raise ToolkitError(
        f"there is no log of {name!r} in {folder}",
        next_step=f"use one of {', '.join(known)}" if known else "start the stack first: marketplace up",
    )


def _follow(log: IO[bytes]) -> None:
    while True:
        block = log.read(BLOCK_BYTES)
        if block:
            typer.echo(block.decode(errors="replace"), nl=False)
        else:
            time.sleep(POLL_SECONDS)
