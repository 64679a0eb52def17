"""The machine's book, `machine.json`: its region, its ports, and the processes that it started."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

from pydantic import BaseModel, PositiveInt, ValidationError

from toolkit.errors import ToolkitError
from toolkit.local.processes.identity import ProcessIdentity
from toolkit.local.processes.ports import free_port
from toolkit.local.state.folder import accessible, claim

FILE = "machine.json"


class _Process(BaseModel):
    pid: PositiveInt
    started: float
    restarts: int = 0


class _Content(BaseModel):
    region: str | None = None
    stripe_api_key: str = ""
    ports: dict[str, PositiveInt] = {}
    processes: dict[str, _Process] = {}


class Book:
    """Written whole at every change, readable by its owner alone. Safe for concurrent use."""

    def __init__(self, folder: Path) -> None:
        """Raises `ToolkitError` when the file is damaged."""
        self._folder = folder
        self._changing = threading.RLock()
        self._content = _read(folder / FILE)

    @property
    def region(self) -> str | None:
        """Where the stack in this folder lives, `None` before its first run."""
        return self._content.region

    def reread(self) -> None:
        """Takes what another process wrote meanwhile."""
        self._content = _read(self._folder / FILE)

    def begin(self, region: str) -> None:
        """Begins a run: no process of it has started yet."""
        with self._changing:
            self._content.region = region
            self._content.processes = {}
            self._write()

    def port(self, name: str) -> int:
        """The port of a process: chosen free once, the same in every later run."""
        with self._changing:
            ports = self._content.ports
            if name not in ports:
                ports[name] = free_port(avoid=ports.values())
                self._write()
            return ports[name]

    def stripe_api_key(self, new: str) -> str:
        """The key of the Stripe double: `new` in the first run, the same in every later one."""
        with self._changing:
            if not self._content.stripe_api_key:
                self._content.stripe_api_key = new
                self._write()
            return self._content.stripe_api_key

    def record(self, name: str, identity: ProcessIdentity | None) -> None:
        """Remembers a process of this run, for `status` and for the run after a crash; `None` forgets it."""
        with self._changing:
            processes = self._content.processes
            before = processes.pop(name, None)
            if identity is not None:
                restarts = before.restarts + (before.pid != identity.pid) if before else 0
                processes[name] = _Process(pid=identity.pid, started=identity.started, restarts=restarts)
            self._write()

    def recorded(self) -> dict[str, ProcessIdentity]:
        """The processes in the file, whether they still run or not (`ProcessIdentity.find` shows which)."""
        processes = _read(self._folder / FILE).processes
        return {name: ProcessIdentity(pid=entry.pid, started=entry.started) for name, entry in processes.items()}

    def restarts(self) -> dict[str, int]:
        """How often a process in the file had to be started again, by name; those that never had to are missing."""
        processes = _read(self._folder / FILE).processes
        return {name: entry.restarts for name, entry in processes.items() if entry.restarts}

    def _write(self) -> None:
        claim(self._folder)
        file = self._folder / FILE
        part = file.with_suffix(".part")
        with accessible(self._folder):
            part.touch(mode=0o600)
            part.write_text(self._content.model_dump_json(indent=2, exclude_none=True))
            part.replace(file)


def _read(file: Path) -> _Content:
    try:
        with accessible(file):
            if not file.exists():
                return _Content()
            read: Any = json.loads(file.read_text())
        return _Content.model_validate(read, strict=True)
    except ValueError as broken:
        why = broken.errors()[0]["msg"] if isinstance(broken, ValidationError) else broken
        raise ToolkitError(
            f"{file} is not readable: {why}",
            next_step="discard the state of this machine with `marketplace down --purge`, then start again",
        ) from broken
