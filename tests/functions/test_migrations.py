"""The migrations function on an empty database, as the deployment invokes it, with the administrator's secret."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import boto3
import pytest
from moto import mock_aws
from pydantic import ValidationError

from commerce.adapters.postgres import MigrationsDiffer, migration
from commerce.adapters.postgres.migration import MIGRATIONS
from components.order_database.migrations import digest
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
        "CLOUD": "aws",
        "SERVICE_NAME": "migrations",
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
        monkeypatch.setenv("ORDERS_SECRET", secret["ARN"])
        yield importlib.import_module("functions.migrations.aws").handler


def event(roles: dict[str, str], *, schema: str | None = None, **tf: object) -> dict[str, Any]:
    """What the deployment sends; `tf` is what its provider adds."""
    return {"schema": schema or digest(MIGRATIONS), "roles": roles} | ({"tf": tf} if tf else {})


def test_it_brings_an_empty_database_up_to_date_once(handler: Any, postgres_dsn: str) -> None:
    roles = {"catalog": "reads-writes", "order-processor": "reads-writes"}
    first = handler(event(roles), CONTEXT)
    assert first["applied"]
    assert first["roles"] == ["catalog", "order-processor"]
    assert handler(event(roles), CONTEXT) == first | {"applied": []}
    assert event_loop.run(_may(postgres_dsn, "catalog", "INSERT", "offers"))
    assert event_loop.run(_may(postgres_dsn, "order-processor", "SELECT", "orders"))
    assert not event_loop.run(_may(postgres_dsn, "catalog", "SELECT", "orders"))


def test_both_sides_of_the_deployment_know_the_migrations_by_the_same_digest(tmp_path: Path) -> None:
    assert migration.digest() == digest(MIGRATIONS)
    for name, text in (("0002_b.sql", "SELECT 2"), ("0001_a.sql", "SELECT 1"), ("notes.txt", "nothing")):
        (tmp_path / name).write_text(text)
    assert migration.digest(tmp_path) == digest(tmp_path)


def test_an_image_with_other_migrations_fails_the_deployment_and_changes_nothing(
    handler: Any, postgres_dsn: str
) -> None:
    with pytest.raises(MigrationsDiffer, match=r"digest 0123456789ab, this image has .* Build and push the image"):
        handler(event({"catalog": "reads"}, schema="0123456789abcdef"), CONTEXT)
    with pytest.raises(ValidationError):
        handler({"roles": {}}, CONTEXT)
    assert event_loop.run(_tables(postgres_dsn)) == 0


def test_a_role_that_only_reads_may_not_write(handler: Any, postgres_dsn: str) -> None:
    handler(event({"catalog": "reads"}), CONTEXT)
    assert event_loop.run(_may(postgres_dsn, "catalog", "SELECT", "offers"))
    assert not event_loop.run(_may(postgres_dsn, "catalog", "INSERT", "offers"))


def test_access_that_a_link_no_longer_asks_for_is_taken_away(handler: Any, postgres_dsn: str) -> None:
    handler(event({"catalog": "reads-writes", "checkout": "reads"}), CONTEXT)
    handler(event({"catalog": "reads"}), CONTEXT)
    handler(event({"checkout": "none"}), CONTEXT)
    assert not event_loop.run(_may(postgres_dsn, "catalog", "INSERT", "offers"))
    assert event_loop.run(_may(postgres_dsn, "catalog", "SELECT", "offers"))
    assert not event_loop.run(_may(postgres_dsn, "checkout", "SELECT", "orders"))


def test_a_workload_that_is_deleted_loses_its_access(handler: Any, postgres_dsn: str) -> None:
    created = event({"catalog": "reads-writes"}, action="create", prev_input=None)
    assert handler(created, CONTEXT)["applied"]
    handler(event({"order-processor": "reads-writes"}), CONTEXT)
    old_image = event({"catalog": "reads-writes"}, schema="another", action="delete", prev_input={"roles": {}})
    assert handler(old_image, CONTEXT) == {"applied": [], "roles": ["catalog"]}
    assert not event_loop.run(_may(postgres_dsn, "catalog", "SELECT", "offers"))
    assert event_loop.run(_may(postgres_dsn, "order-processor", "SELECT", "orders"))


def test_a_role_that_a_change_no_longer_names_loses_its_access(handler: Any, postgres_dsn: str) -> None:
    before = event({"catalog": "reads-writes"})
    handler(before, CONTEXT)
    handler(event({"checkout": "reads-writes"}, action="update", prev_input=before), CONTEXT)
    assert not event_loop.run(_may(postgres_dsn, "catalog", "SELECT", "offers"))
    assert event_loop.run(_may(postgres_dsn, "checkout", "SELECT", "orders"))


def test_deleting_the_schemas_invocation_does_nothing(handler: Any, postgres_dsn: str) -> None:
    assert handler(event({}, action="delete"), CONTEXT) == {"applied": [], "roles": []}
    assert event_loop.run(_tables(postgres_dsn)) == 0


def test_an_unknown_access_is_refused_before_anything_changes(handler: Any, postgres_dsn: str) -> None:
    with pytest.raises(ValidationError):
        handler(event({"catalog": "owns"}), CONTEXT)
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
