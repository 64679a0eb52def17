"""This machine in place of a cloud account: its engines, its ports, its state folder."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import sys
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Protocol

import psutil
from pydantic import BaseModel, PositiveInt, ValidationError

from toolkit.errors import ToolkitError
from toolkit.local.engines.moto import MotoServer
from toolkit.local.engines.postgres import PostgresServer
from toolkit.local.engines.redis import RedisServer
from toolkit.local.engines.stripe import StripeServer
from toolkit.local.identity import ProcessIdentity, stop_processes
from toolkit.local.ports import free_port
from toolkit.local.state_folder import accessible, claim, require_folder

DEFAULT_REGION = "us-east-1"
"""Where a stack lives that names no region."""
ADMINISTRATOR = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
"""Credentials of whoever deploys; workloads get those of their own role."""


class Engine(Protocol):
    """A server that the machine can start."""

    port: int
    log: Path

    @property
    def pid(self) -> int | None: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...


class Machine:
    """Starts engines when they are first asked for, always on the ports of the last run.

    One process at a time may use a state folder: starting the first engine takes its lock, `stop` gives it back.
    """

    def __init__(self, state: Path, *, region: str | None = None) -> None:
        """`region` is the stack's; without one it is that of the last run.

        Raises:
            ToolkitError: the folder cannot be read, or what is written there of earlier runs is damaged.
        """
        self.state = state.absolute()
        require_folder(self.state)
        self.logs = self.state / "logs"
        self._lock: IO[str] | None = None
        self._changing = threading.RLock()
        self._engines: dict[str, Engine] = {}
        self._clients: dict[str, Any] = {}
        self._making_clients = threading.Lock()
        self._book: dict[str, Any] = _read(self._book_file)
        self.region: str = region or self._book.get("region", DEFAULT_REGION)

    def __enter__(self) -> Machine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def postgres(self) -> PostgresServer:
        """The running PostgreSQL."""
        engine = self._running("postgres")
        assert isinstance(engine, PostgresServer)  # noqa: S101 - `_make` decides
        return engine

    @property
    def redis(self) -> RedisServer:
        """The running Redis or Valkey."""
        engine = self._running("redis")
        assert isinstance(engine, RedisServer)  # noqa: S101
        return engine

    @property
    def moto(self) -> MotoServer:
        """The running AWS services."""
        engine = self._running("moto")
        assert isinstance(engine, MotoServer)  # noqa: S101
        return engine

    @property
    def stripe(self) -> StripeServer:
        """The running double of Stripe."""
        engine = self._running("stripe")
        assert isinstance(engine, StripeServer)  # noqa: S101
        return engine

    @property
    def aws_endpoint(self) -> str:
        """What `AWS_ENDPOINT_URL` is set to for every process."""
        return self.moto.url

    @property
    def functions(self) -> Path:
        """The JSON file that lists the functions' workers: `{"function name": [port, ...]}`."""
        return self.moto.functions

    def boto(self, service: str) -> Any:
        """A client with the deployer's credentials, kept for the next call."""
        import boto3

        endpoint = self.aws_endpoint
        with self._making_clients:  # making one is not safe in two threads at once, using it is
            if service not in self._clients:
                make: Any = boto3.client
                self._clients[service] = make(
                    service,
                    endpoint_url=endpoint,
                    region_name=self.region,
                    aws_access_key_id=ADMINISTRATOR["AWS_ACCESS_KEY_ID"],
                    aws_secret_access_key=ADMINISTRATOR["AWS_SECRET_ACCESS_KEY"],
                )
            return self._clients[service]

    def credentials(self, role_arn: str, session: str) -> Mapping[str, str]:
        """Environment variables with which a process acts as the role."""
        assumed = self.boto("sts").assume_role(RoleArn=role_arn, RoleSessionName=session[:64])["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": assumed["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": assumed["SecretAccessKey"],
            "AWS_SESSION_TOKEN": assumed["SessionToken"],
        }

    def port(self, name: str) -> int:
        """The port of a process: chosen free once, the same in every later run."""
        with self._changing:
            ports: dict[str, int] = self._book.setdefault("ports", {})
            if name not in ports:
                ports[name] = free_port(avoid=ports.values())
                self._write()
            return ports[name]

    def start(self, *names: str) -> None:
        """Starts engines at the same time: any of `postgres`, `redis`, `moto`, `stripe`; all when none is named."""
        with self._changing:
            self._start(names or ("moto", "postgres", "redis", "stripe"))

    def _start(self, names: Sequence[str]) -> None:
        self.lock()
        chosen = [self._engine(name) for name in names]
        with ThreadPoolExecutor(len(chosen)) as pool:
            started = [pool.submit(engine.start) for engine in chosen]
        for outcome in started:
            outcome.result()
        for name, engine in self._engines.items():
            self.record(name, engine.pid)

    def revive(self) -> Sequence[str]:
        """Starts engines again that ended by themselves; returns their names."""
        with self._changing:
            ended = [name for name, engine in self._engines.items() if engine.pid is None]
            if ended:
                self._start(ended)
            return ended

    def stop(self) -> None:
        """Stops the engines, the last started first, and gives the state folder back."""
        running = list(reversed(self._engines.items()))
        with ThreadPoolExecutor(max(1, len(running))) as pool:
            for outcome in [pool.submit(engine.stop) for _, engine in running]:
                outcome.result()
        for name, _ in running:
            self.record(name, None)
        self._engines.clear()
        self._clients.clear()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def lock(self) -> None:
        """Makes this process the only one that uses the state folder, and ends what a killed one left running."""
        if self._lock is not None:
            return
        claim(self.state)
        with accessible(self.state):
            lock = (self.state / "lock").open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as busy:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            lock.close()
            raise ToolkitError(
                f"another process (pid {holder}) runs the stack in {self.state}",
                next_step="stop it with Ctrl-C or `marketplace down`, or use a folder of your own (--state DIR)",
            ) from busy
        self._book = _read(self._book_file)
        self._require_region(lock)
        with accessible(self.state):
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
        self._lock = lock
        self._book["region"] = self.region
        stop_processes(list(reversed(self.recorded().values())), grace_seconds=8)
        self._book["processes"] = {}
        self._write()

    def _require_region(self, lock: IO[str]) -> None:
        """What was made in one region is not found in another: a folder stays with the region of its first run."""
        known = self._book.get("region", self.region)
        if known != self.region:
            lock.close()
            raise ToolkitError(
                f"{self.state} holds a stack of the region {known}, not of {self.region}",
                next_step="use a folder of its own (--state DIR), or `marketplace down --purge` first",
            )

    @property
    def owner(self) -> int | None:
        """The pid of the process that runs the stack in this state folder now."""
        with contextlib.suppress(OSError, ValueError), (self.state / "lock").open("r") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(lock.read())
        return None

    def record(self, name: str, pid: int | None) -> None:
        """Remembers a process of this run, for `status` and for the run after a crash; `None` forgets it."""
        with self._changing:
            processes: dict[str, Any] = self._book.setdefault("processes", {})
            processes.pop(name, None)
            with contextlib.suppress(psutil.NoSuchProcess):  # it ended meanwhile
                if pid is not None:
                    identity = ProcessIdentity.of(pid)
                    processes[name] = {"pid": identity.pid, "started": identity.started}
            self._write()

    def recorded(self) -> dict[str, ProcessIdentity]:
        """The processes that the book names, whether they still run or not (`ProcessIdentity.find` tells)."""
        processes = _read(self._book_file).get("processes", {})
        return {name: ProcessIdentity(pid=entry["pid"], started=entry["started"]) for name, entry in processes.items()}

    @property
    def _book_file(self) -> Path:
        return self.state / "machine.json"

    def _running(self, name: str) -> Engine:
        engine = self._engine(name)
        if engine.pid is None:
            self.start(name)
        return engine

    def _engine(self, name: str) -> Engine:
        if name not in self._engines:
            self._engines[name] = self._make(name)
        return self._engines[name]

    def _make(self, name: str) -> Engine:
        port = self.port(name)
        match name:
            case "postgres":
                return PostgresServer(self.state / "postgres", port, log=self.logs / "postgres.log")
            case "redis":
                return RedisServer(self.state / "redis", port, log=self.logs / "redis.log")
            case "moto":
                return MotoServer(self.state, port, region=self.region, log=self.logs / "moto.log")
            case "stripe":
                key = self._book.setdefault("stripe_api_key", f"sk_test_{secrets.token_hex(12)}")
                self._write()
                return StripeServer(self.state / "stripe", port, api_key=key, log=self.logs / "stripe.log")
        raise ValueError(f"no engine is called {name}")

    def _write(self) -> None:
        claim(self.state)
        part = self._book_file.with_suffix(".part")
        with accessible(self.state):
            part.touch(mode=0o600)
            part.write_text(json.dumps(self._book, indent=2))
            part.replace(self._book_file)


def python(module: str, *arguments: str) -> list[str]:
    """The command that runs a module with this interpreter."""
    return [sys.executable, "-m", module, *arguments]


class _Process(BaseModel):
    pid: PositiveInt
    started: float


class _Book(BaseModel):
    """What `machine.json` must look like."""

    region: str = DEFAULT_REGION
    stripe_api_key: str = ""
    ports: dict[str, PositiveInt] = {}
    processes: dict[str, _Process] = {}


def _read(book: Path) -> dict[str, Any]:
    try:
        with accessible(book):
            if not book.exists():
                return {}
            read: dict[str, Any] = json.loads(book.read_text())
        _Book.model_validate(read, strict=True)
    except ValueError as broken:
        why = broken.errors()[0]["msg"] if isinstance(broken, ValidationError) else broken
        raise ToolkitError(
            f"{book} is not readable: {why}",
            next_step="discard the state of this machine with `marketplace down --purge`, then start again",
        ) from broken
    return read
