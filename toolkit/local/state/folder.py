"""The state folder: created by this toolkit, marked as ours, and purged only of what we wrote into it."""

from __future__ import annotations

import contextlib
import fnmatch
import shutil
from collections.abc import Iterator
from pathlib import Path

from toolkit.errors import ToolkitError

MARKER = ".marketplace-state"
"""Only this toolkit writes it, and only into an empty folder. Other files that appear there later are not ours."""
ENTRIES = (
    "lock",
    "logs",
    "machine.json",
    "machine.part",
    "state.json*",
    "state.seal",
    "state.part",
    "up.json",
    "routes.json",
    "endpoints.json",
    "schedules.json",
    "mappings",
    "workers.json",
    "workers.part",
    "moto.pid",
    "moto.snapshot",
    "moto.part",
    "opensearch",
    "postgres",
    "redis",
    "stripe",
    "pulumi",
)
"""The files and folders that we write. After a crash a `.part` or another ending may be beside a file."""


@contextlib.contextmanager
def accessible(folder: Path) -> Iterator[None]:
    """Turns a refusal of the operating system into an error that says what to do: permission, folder, space.

    Raises:
        ToolkitError: instead of any `OSError`.
    """
    try:
        yield
    except OSError as refused:
        raise ToolkitError(
            f"{refused.filename or folder} cannot be used: {refused.strerror or refused}",
            next_step="give yourself access to it (its owner, its permissions, free space), "
            "or name another folder with --state DIR",
        ) from refused


def claim(folder: Path) -> None:
    """Makes the folder ours, creating it where it is missing.

    Raises:
        ToolkitError: it holds something and does not carry our marker, or it cannot be written to.
    """
    if is_ours(folder):
        return
    with accessible(folder):
        require_folder(folder)
        if folder.exists() and any(folder.iterdir()):
            raise ToolkitError(
                f"{folder} holds something else, so it cannot become a state folder",
                next_step="name a new or an empty folder with --state DIR",
            )
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MARKER).write_text(
            "Written by `marketplace up`; `marketplace down --purge` deletes what it keeps here.\n"
        )


def require_folder(folder: Path) -> None:
    """Refuses a path that names something else than a folder; one that names nothing yet is fine."""
    with accessible(folder):
        if folder.exists() and not folder.is_dir():
            raise ToolkitError(f"{folder} is not a folder", next_step="name a folder with --state DIR")


def is_ours(folder: Path) -> bool:
    """Whether the folder carries our marker."""
    with accessible(folder):
        return (folder / MARKER).is_file()


def purge(folder: Path) -> list[str]:
    """Deletes what we keep in the folder, then the folder if nothing else is in it; the names of what stays."""
    with accessible(folder):
        return _purge(folder)


def _purge(folder: Path) -> list[str]:
    ours = [entry for entry in folder.iterdir() if any(fnmatch.fnmatchcase(entry.name, name) for name in ENTRIES)]
    for entry in ours:
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    left = sorted(entry.name for entry in folder.iterdir() if entry.name != MARKER)
    (folder / MARKER).unlink()  # last: a purge that was interrupted can be run again
    if not left:
        folder.rmdir()
    return left
