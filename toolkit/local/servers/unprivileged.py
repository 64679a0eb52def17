"""How to run a server that refuses to be root when this process is root."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from toolkit.errors import ToolkitError

NOBODY = 65534


@dataclass(frozen=True, kw_only=True)
class Unprivileged:
    """A prefix for the command, or a user to start it as."""

    prefix: Sequence[str] = ()
    user: int | None = None

    def own(self, folder: Path) -> None:
        """Gives the folder and what is in it to the user that the server will run as."""
        if self.user is None:
            return
        _require_reachable(folder, self.user)
        for path in (folder, *folder.rglob("*")):
            os.chown(path, self.user, self.user)


def unprivileged() -> Unprivileged:
    """Nothing special for an ordinary user; for root a user namespace, else the user `nobody`.

    In the namespace the server sees itself as an ordinary user while its files stay root's, so it works in a
    folder that only root can enter. Containers often forbid new namespaces: then the server really changes user.
    """
    if os.geteuid() != 0:
        return Unprivileged()
    prefix = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}")
    return Unprivileged(prefix=prefix) if _succeeds((*prefix, "true")) else Unprivileged(user=NOBODY)


@functools.cache
def _succeeds(command: Sequence[str]) -> bool:
    if shutil.which(command[0]) is None:
        return False
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def _require_reachable(folder: Path, user: int) -> None:
    if subprocess.run(["test", "-x", folder.parent], check=False, user=user, group=user, extra_groups=[]).returncode:
        raise ToolkitError(
            f"the database server refuses to run as root, and no other user can enter {folder.parent}",
            next_step="run as an ordinary user, or put the state in a folder that every user can enter (--state DIR)",
        )
