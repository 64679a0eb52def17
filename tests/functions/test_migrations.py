"""The migrations function on an empty database, as the deployment invokes it, with the administrator's secret."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import boto3
import pytest
from moto import mock_aws
from pydantic import ValidationError

from functions import event_loop

CONTEXT = SimpleNamespace(
    function_name="migrations", memory_limit_in_mb=256, invoked_function_arn="arn", aws_request_id="r"
)


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch, postgres_dsn: str) -> Iterator[Any]:
    server = urlsplit(postgres_dsn)
    for name, value in {
        "ORDERS_HOST": server.hostname or "",
        "ORDERS_PORT": str(server.port),
        "ORDERS_DATABASE": server.path.lstrip("/"),
        "ORDERS_TLS": "disable",
        "POWERTOOLS_SERVICE_NAME": "migrations",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        secrets = boto3.client("secretsmanager", "us-east-1")
        master = json.dumps({"username": server.username, "password": "any"})
        secret = secrets.create_secret(Name=f"master-{server.path.lstrip('/')}", SecretString=master)
        monkeypatch.setenv("ORDERS_SECRET_ARN", secret["ARN"])
        yield importlib.import_module("functions.migrations.handler").handler


def test_it_brings_an_empty_database_up_to_date_once(handler: Any, postgres_dsn: str) -> None:
    roles = {"catalog": "reads-writes", "order-processor": "reads_writes"}
    first = handler({"roles": roles}, CONTEXT)
    assert first["applied"]
    assert first["roles"] == ["catalog", "order-processor"]
    assert handler({"roles": roles}, CONTEXT) == first | {"applied": []}
    assert event_loop.run(_may(postgres_dsn, "catalog", "INSERT", "offers"))
    assert event_loop.run(_may(postgres_dsn, "order-processor", "SELECT", "orders"))
    assert not event_loop.run(_may(postgres_dsn, "catalog", "DELETE", "orders"))


def test_a_role_that_only_reads_may_not_write(handler: Any, postgres_dsn: str) -> None:
    handler({"roles": {"report": "reads"}}, CONTEXT)
    assert event_loop.run(_may(postgres_dsn, "report", "SELECT", "orders"))
    assert not event_loop.run(_may(postgres_dsn, "report", "INSERT", "orders"))


def test_access_that_a_link_no_longer_asks_for_is_taken_away(handler: Any, postgres_dsn: str) -> None:
    handler({"roles": {"catalog": "reads-writes", "report": "reads"}}, CONTEXT)
    handler({"roles": {"catalog": "reads"}}, CONTEXT)
    handler({"roles": {"report": "none"}}, CONTEXT)
    assert not event_loop.run(_may(postgres_dsn, "catalog", "INSERT", "offers"))
    assert event_loop.run(_may(postgres_dsn, "catalog", "SELECT", "offers"))
    assert not event_loop.run(_may(postgres_dsn, "report", "SELECT", "orders"))


def test_an_unknown_access_is_refused_before_anything_changes(handler: Any, postgres_dsn: str) -> None:
    with pytest.raises(ValidationError):
        handler({"roles": {"catalog": "owns"}}, CONTEXT)
    assert event_loop.run(_tables(postgres_dsn)) == 0


async def _may(dsn: str, role: str, privilege: str, table: str) -> bool:
    connection = await asyncpg.connect(dsn)
    try:
        return bool(await connection.fetchval("SELECT has_table_privilege($1, $2, $3)", role, table, privilege))
    finally:
        await connection.close()


async def _tables(dsn: str) -> int:
    connection = await asyncpg.connect(dsn)
    try:
        return int(await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"))
    finally:
        await connection.close()
