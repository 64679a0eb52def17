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
    """A digest of what a program is made of on this machine.

    That is its settings, the environment, the packages that are installed for it, and by size and times of change each
    file of its project, of its folder, of the folders that Python imports from beside the packages, and of this
    toolkit; hidden folders and bytecode are left out. What a program reads elsewhere, from the network or from the
    clock, can change what it declares without a change here.

    Raises:
        OSError: a file cannot be looked at, for example because it is just being replaced.
    """
    environment = {name: value for name, value in os.environ.items() if name not in _OF_A_SHELL}
    folders = {program.root, program.folder, Path(__file__).parents[2], *_import_folders()}
    seen: set[str] = set()
    parts = [
        [program.project, program.stack, str(program.main), program.python],
        [sorted(program.config.items()), sorted(program.stack_outputs.items())],
        sorted(environment.items()),
        sorted(_packages()),
        sorted(file for folder in folders for file in _files(str(folder), seen)),
    ]
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()


def _site_packages() -> set[Path]:
    return {Path(sysconfig.get_path(kind)) for kind in ("purelib", "platlib")}


def _packages() -> Iterator[tuple[str, int]]:
    """Installed distributions with their versions and when they were installed."""
    for folder in _site_packages():
        yield from ((path.name, path.stat().st_mtime_ns) for path in folder.glob("*.dist-info"))


def _import_folders() -> Iterator[Path]:
    """What is imported from beside the installed packages: `PYTHONPATH`, and packages installed in place."""
    named = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    for file in (file for folder in _site_packages() for file in folder.glob("*.pth")):
        named += file.read_text(errors="replace").splitlines()
    yield from (Path(name) for name in named if name and Path(name).is_dir())


def _files(folder: str, seen: set[str]) -> Iterator[tuple[str, int, int, int]]:
    real = os.path.realpath(folder)
    if real in seen:
        return
    seen.add(real)
    with os.scandir(real) as entries:
        for entry in entries:
            if entry.is_dir():
                if not entry.name.startswith(".") and entry.name != _BYTECODE:
                    yield from _files(entry.path, seen)
            else:
                status = entry.stat()
                yield entry.path, status.st_size, status.st_mtime_ns, status.st_ctime_ns
