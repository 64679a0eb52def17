"""Whether a program can declare anything else than at its last deployment."""

from __future__ import annotations

import hashlib
import json
import os
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from toolkit.engine.program import Program

_OF_A_SHELL: Final = frozenset({"_", "COLUMNS", "LINES", "OLDPWD", "PWD", "SHLVL", "MAKEFLAGS", "MAKELEVEL"})
"""Variables that differ between two calls of one command."""
_BYTECODE: Final = "__pycache__"


def fingerprint(program: Program) -> str:
    """A digest of everything that a program is made of on this machine.

    That is its settings, each file of its project (by size and time of change, hidden folders and bytecode left out),
    the packages that are installed for it, and the environment. A program that asks the network or the clock can
    declare something new without any of them.
    """
    environment = {name: value for name, value in os.environ.items() if name not in _OF_A_SHELL}
    parts = [
        [program.project, program.stack, str(program.main), program.python],
        [sorted(program.config.items()), sorted(program.stack_outputs.items())],
        sorted(environment.items()),
        sorted(_packages()),
        sorted(_files(program.root)),
        sorted(_files(Path(__file__).parents[2])),
    ]
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()


def _packages() -> Iterator[str]:
    """Installed distributions with their versions."""
    for kind in ("purelib", "platlib"):
        yield from (path.name for path in Path(sysconfig.get_path(kind)).glob("*.dist-info"))


def _files(folder: Path) -> Iterator[tuple[str, int, int]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(".") or entry.name == _BYTECODE:
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _files(Path(entry.path))
            else:
                status = entry.stat(follow_symlinks=False)
                yield entry.path, status.st_size, status.st_mtime_ns
