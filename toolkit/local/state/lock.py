"""The lock of a state folder: one process at a time runs the stack in it."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path
from typing import IO

from toolkit.errors import ToolkitError
from toolkit.local.state.folder import accessible, claim

FILE = "lock"


class FolderLock:
    """Held from `take` to `release`, or until the process that took it ends. The file names its pid."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: IO[str] | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._held is not None

    @property
    def owner(self) -> int | None:
        """The pid of the process that holds the lock now."""
        with contextlib.suppress(OSError, ValueError), (self._folder / FILE).open("r") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(lock.read())
        return None

    def take(self) -> None:
        """Takes the lock, creating the state folder where it is missing.

        Raises:
            ToolkitError: another process holds it, or the folder is not ours.
        """
        claim(self._folder)
        with accessible(self._folder):
            lock = (self._folder / FILE).open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as busy:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            lock.close()
            raise ToolkitError(
                f"another process (pid {holder}) runs the stack in {self._folder}",
                next_step="stop it with Ctrl-C or `marketplace down`, or use a folder of your own (--state DIR)",
            ) from busy
        with accessible(self._folder):
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
        self._held = lock

    def release(self) -> None:
        """Gives the lock back, if it is held."""
        if self._held is not None:
            self._held.close()
            self._held = None
