"""The provider in front of real servers: moto's server, PostgreSQL, Redis."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from toolkit.engine.provider import Created, Diff, Properties
from toolkit.local.cloud.provider import LocalProvider
from toolkit.local.cloud.provider.emulators.invocation import LambdaCall
from toolkit.local.servers.opensearch import OpenSearchServer
from toolkit.local.servers.postgres import PostgresServer
from toolkit.local.servers.redis import RedisServer


@dataclass(kw_only=True)
class Servers:
    """What `Machine` is to the provider in `marketplace up`."""

    aws_endpoint: str
    postgres: PostgresServer
    redis: RedisServer
    opensearch: OpenSearchServer
    logs: Path = Path()
    forks: None = None
    region: str = "us-east-1"
    calls: list[LambdaCall] = field(default_factory=list)
    _clients: dict[str, Any] = field(default_factory=dict)
    _lock: Any = field(default_factory=threading.Lock)

    def boto(self, service: str) -> Any:
        with self._lock:
            if service not in self._clients:
                self._clients[service] = boto3.client(
                    service,
                    endpoint_url=self.aws_endpoint,
                    region_name="us-east-1",
                    aws_access_key_id="test",
                    aws_secret_access_key="test",
                )
            return self._clients[service]

    def credentials(self, role_arn: str, session: str) -> Mapping[str, str]:
        return {}

    def run(self, call: LambdaCall) -> str:
        self.calls.append(call)
        return '{"migrated": 1}'


@dataclass(kw_only=True)
class Deployed:
    """One resource, taken through the provider's protocol as an engine would."""

    provider: LocalProvider
    type: str
    name: str
    inputs: Properties
    created: Created

    @property
    def urn(self) -> str:
        return urn(self.type, self.name)

    @property
    def id(self) -> str:
        return self.created.id

    @property
    def outputs(self) -> Properties:
        return self.created.outputs

    def check(self, news: Properties) -> Properties:
        return dict(self.provider.check(self.urn, self.type, self.name, self.inputs, news, b"second").inputs)

    def diff(self, news: Properties) -> Diff:
        return self.provider.diff(self.urn, self.type, self.id, self.inputs, self.outputs, self.check(news))

    def update(self, news: Properties) -> None:
        checked = self.check(news)
        outputs = self.provider.update(self.urn, self.type, self.id, self.inputs, self.outputs, checked, preview=False)
        self.inputs, self.created = checked, Created(id=self.id, outputs=outputs)

    def read(self) -> Created | None:
        return self.provider.read(self.urn, self.type, self.id, self.outputs)

    def delete(self) -> None:
        self.provider.delete(self.urn, self.type, self.id, self.outputs)


@dataclass(kw_only=True)
class Cloud:
    """Deploys single resources on this machine."""

    provider: LocalProvider
    servers: Servers

    def deploy(self, type: str, name: str, inputs: Mapping[str, Any]) -> Deployed:
        checked = dict(self.provider.check(urn(type, name), type, name, None, dict(inputs), b"first").inputs)
        created = self.provider.create(urn(type, name), type, checked, preview=False)
        return Deployed(provider=self.provider, type=type, name=name, inputs=checked, created=created)


def urn(type: str, name: str) -> str:
    return f"urn:pulumi:dev::marketplace::{type}::{name}"


@pytest.fixture(scope="session")
def moto_endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def cloud(
    moto_endpoint: str,
    postgres_server: PostgresServer,
    redis_server: RedisServer,
    opensearch_server: OpenSearchServer,
) -> Cloud:
    servers = Servers(
        aws_endpoint=moto_endpoint, postgres=postgres_server, redis=redis_server, opensearch=opensearch_server
    )
    boto3.client(
        "sts",
        endpoint_url=moto_endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    import urllib.request

    urllib.request.urlopen(urllib.request.Request(f"{moto_endpoint}/moto-api/reset", method="POST"))  # noqa: S310
    return Cloud(provider=LocalProvider(servers, servers.run), servers=servers)
