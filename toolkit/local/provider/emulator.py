"""The contract of an emulated resource type: what one AWS type becomes on this machine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Final, Protocol

from toolkit.engine.provider import Created, Properties

ACCOUNT: Final = "123456789012"
"""The account that moto answers for (`moto.core.DEFAULT_ACCOUNT_ID`)."""


class Backends(Protocol):
    """What emulators ask of this machine; `toolkit.local.machine.Machine` is the real one."""

    region: str
    """Where a resource lives that declares no region."""

    @property
    def logs(self) -> Path:
        """Where processes write."""
        ...

    @property
    def aws_endpoint(self) -> str:
        """URL of the AWS emulator."""
        ...

    def credentials(self, role_arn: str, session: str) -> Mapping[str, str]:
        """Environment variables with which a process acts as the role."""
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
    """Creates, changes and deletes one resource type in an engine that runs on this machine.

    Inputs are checked Pulumi properties (camelCase). `create` and `update` return only the outputs that
    the engine decides; the provider echoes the inputs and fills the other outputs from the SDK's types.
    """

    type: ClassVar[str]
    """The Pulumi type token, such as `aws:sqs/queue:Queue`."""

    replace_on: ClassVar[frozenset[str]] = frozenset({"name"})
    """Inputs that cannot change in place: AWS creates another resource for them."""

    def __init__(self, backends: Backends) -> None:
        self.backends = backends

    @abstractmethod
    def create(self, inputs: Properties) -> Created:
        """Creates the resource; the id and the outputs that only the engine knows."""

    @abstractmethod
    def exists(self, id: str, outputs: Properties) -> bool:
        """Whether the engine still has it; a not-found error counts as no."""

    def update(self, id: str, before: Properties, inputs: Properties) -> Properties:
        """Applies changed inputs in place, `before` being those it has; the outputs that change beside them."""
        return {}

    @abstractmethod
    def delete(self, id: str, outputs: Properties) -> None:
        """Deletes the resource; a not-found error is swallowed by the provider."""

    def region_of(self, inputs: Properties) -> str:
        """The region a resource declares (every AWS type has the input since SDK 7), else the stack's."""
        return str(inputs.get("region") or self.backends.region)
