"""The contract of an emulated resource type: what one AWS type becomes on this machine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar, Final, Protocol

from toolkit.engine.provider import Created, Properties
from toolkit.local.processes.environment import Account
from toolkit.local.processes.fork_server import ForkServer

ACCOUNT: Final = "123456789012"
"""The account that moto answers for (`moto.core.DEFAULT_ACCOUNT_ID`)."""


class Backends(Account, Protocol):
    """What emulators need of this machine; `toolkit.local.stack.machine.Machine` is the real one."""

    @property
    def logs(self) -> Path:
        """Where processes write."""
        ...

    @property
    def forks(self) -> ForkServer | None:
        """What Python processes are forked from, where they can be."""
        ...

    def boto(self, service: str) -> Any:
        """A boto3 client of the AWS emulator, as the deployer's administrator."""
        ...

    @property
    def postgres(self) -> PostgresBackend:
        """The running PostgreSQL server."""
        ...

    @property
    def redis(self) -> RedisBackend:
        """The running Redis server."""
        ...

    @property
    def opensearch(self) -> OpenSearchBackend:
        """The running search engine."""
        ...


class OpenSearchBackend(Protocol):
    """A search engine on loopback that everybody may use."""

    @property
    def address(self) -> str:
        """Host and port."""
        ...


class PostgresBackend(Protocol):
    """A PostgreSQL server on loopback that trusts its clients."""

    port: int

    def execute(self, *statements: str, database: str = "postgres") -> None:
        """Runs administrative statements as the superuser."""
        ...


class RedisBackend(Protocol):
    """A Redis server on loopback whose default user may do everything."""

    port: int

    @property
    def url(self) -> str: ...


class Emulator(ABC):
    """Creates, changes and deletes one resource type in moto or a server of this machine.

    Inputs are checked Pulumi properties (camelCase). `create` and `update` return only the outputs that
    are decided there; the provider echoes the inputs and fills the other outputs from the SDK's types.
    """

    type: ClassVar[str]
    """The Pulumi type token, such as `aws:sqs/queue:Queue`."""

    replace_on: ClassVar[frozenset[str]] = frozenset({"name"})
    """Inputs that cannot change in place: AWS creates another resource for them."""

    decided_by_server: ClassVar[frozenset[str]] = frozenset()
    """Inputs whose value is the server's, whatever the program says, such as a database's port."""

    named_by: ClassVar[str | None] = None
    """The input that the program may leave out and a name is made up for; by default the SDK's `name`, if any."""

    def __init__(self, backends: Backends) -> None:
        self.backends = backends

    @abstractmethod
    def create(self, inputs: Properties) -> Created:
        """Creates the resource; the id and the outputs that are decided there."""

    @abstractmethod
    def exists(self, id: str, outputs: Properties) -> bool:
        """Whether it still exists; a not-found error counts as no."""

    def update(self, id: str, before: Properties, inputs: Properties) -> Properties:
        """Applies changed inputs in place, `before` being those it has; the outputs that change beside them."""
        return {}

    @abstractmethod
    def delete(self, id: str, outputs: Properties) -> None:
        """Deletes the resource; a not-found error is swallowed by the provider."""

    def region_of(self, inputs: Properties) -> str:
        """The region a resource declares (every AWS type has the input since SDK 7), else the stack's."""
        return str(inputs.get("region") or self.backends.region)
