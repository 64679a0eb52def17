"""This machine in place of a cloud account: its servers, its ports, its state folder."""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import psutil

from toolkit.errors import ToolkitError
from toolkit.local.cloud.moto import MotoServer
from toolkit.local.processes.fork_server import ForkServer
from toolkit.local.processes.identity import ProcessIdentity, stop_processes
from toolkit.local.servers.opensearch import OpenSearchServer
from toolkit.local.servers.postgres import PostgresServer
from toolkit.local.servers.redis import RedisServer
from toolkit.local.servers.stripe import StripeServer
from toolkit.local.state.book import Book
from toolkit.local.state.folder import require_folder
from toolkit.local.state.lock import FolderLock

DEFAULT_REGION = "us-east-1"
"""Where a stack lives that names no region."""
ADMINISTRATOR = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
"""Credentials of the deployment; workloads get those of their own role."""
SERVERS = ("moto", "opensearch", "postgres", "redis", "stripe")


def client_at(port: int, region: str, service: str) -> Any:
    """A client with the deployer's credentials for the AWS that is emulated on a port of this machine."""
    import boto3

    make: Any = boto3.client
    return make(
        service,
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name=region,
        aws_access_key_id=ADMINISTRATOR["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=ADMINISTRATOR["AWS_SECRET_ACCESS_KEY"],
    )


class Server(Protocol):
    """A server that the machine can start."""

    port: int
    log: Path

    @property
    def pid(self) -> int | None: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...


class Machine:
    """Starts servers when they are first used, always on the ports of the last run.

    One process at a time may use a state folder: starting the first server takes its lock, `stop` gives it back.
    """

    def __init__(self, state: Path, *, region: str | None = None) -> None:
        """`region` is the stack's; without one it is that of the last run.

        Raises:
            ToolkitError: the folder cannot be read, or its record of earlier runs is damaged.
        """
        self.state = state.absolute()
        require_folder(self.state)
        self.logs = self.state / "logs"
        self.forks = ForkServer()
        """What Python processes are forked from, once it is started."""
        self._lock = FolderLock(self.state)
        self._book = Book(self.state)
        self._changing = threading.RLock()
        self._servers: dict[str, Server] = {}
        self._clients: dict[str, Any] = {}
        self._making_clients = threading.Lock()
        self.region: str = region or self._book.region or DEFAULT_REGION
        self._revived = False
        self.saved = False
        """Whether all that the servers had is on disk since they were stopped: none of them ended by itself before."""

    def __enter__(self) -> Machine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def postgres(self) -> PostgresServer:
        """The running PostgreSQL."""
        server = self._running("postgres")
        assert isinstance(server, PostgresServer)  # noqa: S101 - `_make` decides
        return server

    @property
    def redis(self) -> RedisServer:
        """The running Redis or Valkey."""
        server = self._running("redis")
        assert isinstance(server, RedisServer)  # noqa: S101
        return server

    @property
    def opensearch(self) -> OpenSearchServer:
        """The running search engine."""
        server = self._running("opensearch")
        assert isinstance(server, OpenSearchServer)  # noqa: S101
        return server

    @property
    def moto(self) -> MotoServer:
        """The running AWS services."""
        server = self._running("moto")
        assert isinstance(server, MotoServer)  # noqa: S101
        return server

    @property
    def stripe(self) -> StripeServer:
        """The running double of Stripe."""
        server = self._running("stripe")
        assert isinstance(server, StripeServer)  # noqa: S101
        return server

    @property
    def aws_endpoint(self) -> str:
        """What `AWS_ENDPOINT_URL` is set to for every process."""
        return self.moto.url

    @property
    def workers(self) -> Path:
        """The JSON file that lists the workers: `{"Lambda function name": [port, ...]}`."""
        return self.moto.workers

    @property
    def endpoints(self) -> Path:
        """The JSON file that lists the models: `{"SageMaker endpoint name": port}`."""
        return self.state / "endpoints.json"

    def boto(self, service: str) -> Any:
        """A client with the deployer's credentials, kept for the next call."""
        self._running("moto")
        return self._client(service)

    def load_clients(self, *services: str) -> None:
        """Makes clients for later. It takes a second or two, and needs no running server."""
        for service in services:
            self._client(service)

    def _client(self, service: str) -> Any:
        with self._making_clients:  # making one is not safe in two threads at once, using it is
            if service not in self._clients:
                self._clients[service] = client_at(self.port("moto"), self.region, service)
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
        return self._book.port(name)

    def start(self, *names: str) -> None:
        """Starts servers at the same time: those of `SERVERS` that are named, all when none is."""
        with self._changing:
            self._start(names or SERVERS)

    def _start(self, names: Sequence[str]) -> None:
        self.lock()
        chosen = [self._server(name) for name in names]
        with ThreadPoolExecutor(len(chosen)) as pool:
            started = [pool.submit(server.start) for server in chosen]
        for outcome in started:
            outcome.result()
        for name, server in self._servers.items():
            self.record(name, server.pid)

    def revive(self) -> None:
        """Starts servers again that ended by themselves."""
        with self._changing:
            ended = [name for name, server in self._servers.items() if server.pid is None]
            if ended:
                self._revived = True
                self._start(ended)

    def stop(self) -> None:
        """Stops the servers and gives the state folder back."""
        self.stop_servers()
        self.forks.stop()
        self._lock.release()

    def stop_servers(self) -> None:
        """Stops the servers and keeps the state folder."""
        running = list(self._servers.items())
        with ThreadPoolExecutor(max(1, len(running))) as pool:
            for outcome in [pool.submit(server.stop) for _, server in running]:
                outcome.result()
        moto = self._servers.get("moto")
        self.saved = isinstance(moto, MotoServer) and moto.saved and not self._revived
        for name, _ in running:
            self.record(name, None)
        self._servers.clear()
        self._clients.clear()
        self._revived = False

    def lock(self) -> None:
        """Makes this process the only one that uses the state folder, and stops processes that a killed run left."""
        if self._lock.held:
            return
        self._lock.take()
        try:
            self._book.reread()
            self._require_region()
        except ToolkitError:
            self._lock.release()
            raise
        stop_processes(list(reversed(self.recorded().values())), grace_seconds=8)
        self._book.begin(self.region)

    def _require_region(self) -> None:
        """Refuses another region than the folder's: what was created in one region is not found in another."""
        known = self._book.region or self.region
        if known != self.region:
            raise ToolkitError(
                f"{self.state} holds a stack of the region {known}, not of {self.region}",
                next_step="use a folder of its own (--state DIR), or `marketplace down --purge` first",
            )

    @property
    def owner(self) -> int | None:
        """The pid of the process that runs the stack in this state folder now."""
        return self._lock.owner

    def record(self, name: str, pid: int | None) -> None:
        """Remembers a process of this run, for `status` and for the run after a crash; `None` forgets it."""
        identity = None
        with contextlib.suppress(psutil.NoSuchProcess):  # it ended meanwhile
            identity = None if pid is None else ProcessIdentity.of(pid)
        self._book.record(name, identity)

    def recorded(self) -> dict[str, ProcessIdentity]:
        """The processes of the last run, whether they still run or not (`ProcessIdentity.find` shows which)."""
        return self._book.recorded()

    def restarts(self) -> dict[str, int]:
        """How often a process of the last run had to be started again, by name; those that never had to are missing."""
        return self._book.restarts()

    def _running(self, name: str) -> Server:
        server = self._server(name)
        if server.pid is None:
            self.start(name)
        return server

    def _server(self, name: str) -> Server:
        if name not in self._servers:
            self._servers[name] = self._make(name)
        return self._servers[name]

    def _make(self, name: str) -> Server:
        port = self.port(name)
        match name:
            case "postgres":
                return PostgresServer(self.state / "postgres", port, log=self.logs / "postgres.log")
            case "redis":
                return RedisServer(self.state / "redis", port, log=self.logs / "redis.log")
            case "opensearch":
                return OpenSearchServer(self.state / "opensearch", port, log=self.logs / "opensearch.log")
            case "moto":
                return MotoServer(self.state, port, region=self.region, log=self.logs / "moto.log")
            case "stripe":
                key = self._book.stripe_api_key(new=f"sk_test_{secrets.token_hex(12)}")
                return StripeServer(
                    self.state / "stripe", port, api_key=key, log=self.logs / "stripe.log", forks=self.forks
                )
        raise ValueError(f"no server is called {name}")
