"""Settings from a workload's environment, and connections that sign in."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from commerce.adapters import cloud
from commerce.adapters.cloud import UnknownCloud
from commerce.adapters.postgres import DatabaseSettings, connect_administrator, connect_pool
from commerce.adapters.redis import CacheSettings, RedisCarts, connect
from commerce.errors import InvalidRequest


@dataclass
class KnownSecrets:
    """A secret store that is never wrong."""

    secrets: Mapping[str, Mapping[str, Any]]

    def read(self, name: str) -> Mapping[str, Any]:
        return self.secrets[name]

    def forget(self, name: str) -> None:
        return None


def test_the_settings_are_what_a_link_puts_into_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"HOST": "db", "PORT": "5433", "DATABASE": "orders", "USER": "checkout"}.items():
        monkeypatch.setenv(f"ORDERS_{name}", value)
    database = DatabaseSettings()  # type: ignore[call-arg]
    assert (database.host, database.port, database.user) == ("db", 5433, "checkout")
    assert (database.tls, database.authentication) == ("verify-full", "identity")
    for name, value in {"HOST": "cache", "USER": "checkout", "INSTANCE": "carts-1", "TLS": "disable"}.items():
        monkeypatch.setenv(f"CARTS_{name}", value)
    cache = CacheSettings()  # type: ignore[call-arg]
    assert (cache.host, cache.port, cache.instance, cache.tls) == ("cache", 6379, "carts-1", "disable")


async def test_every_connection_of_a_pool_signs_in_with_a_password_of_its_own(postgres_dsn: str) -> None:
    asked: list[str] = []

    async def password() -> str:
        asked.append("password")
        return "short-lived"

    settings = DatabaseSettings.from_dsn(postgres_dsn).model_copy(update={"authentication": "identity"})
    pool = await connect_pool(settings, 2, 2, password=password)
    assert await pool.fetchval("SELECT current_user") == settings.user
    assert len(asked) == 2
    await pool.close()


async def test_a_server_that_asks_for_no_password_is_sent_none(postgres_dsn: str) -> None:
    async def password() -> str:
        raise AssertionError("nobody asked for it")

    pool = await connect_pool(DatabaseSettings.from_dsn(postgres_dsn), 1, 1, password=password)
    await pool.close()


async def test_the_administrator_signs_in_with_the_secret(postgres_dsn: str) -> None:
    settings = DatabaseSettings.from_dsn(postgres_dsn)
    with_secret = settings.model_copy(update={"authentication": "identity", "secret": "master", "user": ""})
    secrets = KnownSecrets({"master": {"username": settings.user, "password": "secret"}})
    connection = await connect_administrator(with_secret, secrets=secrets)
    assert await connection.fetchval("SELECT current_user") == settings.user
    await connection.close()
    with pytest.raises(InvalidRequest, match="Only the administrator"):
        await connect_pool(with_secret)


async def test_an_administrator_without_a_secret_signs_in_with_its_identity(postgres_dsn: str) -> None:
    async def password() -> str:
        return "short-lived"

    settings = DatabaseSettings.from_dsn(postgres_dsn).model_copy(update={"authentication": "identity"})
    connection = await connect_administrator(settings, secrets=KnownSecrets({}), password=password)
    assert await connection.fetchval("SELECT current_user") == settings.user
    await connection.close()


async def test_what_is_needed_to_sign_in_is_missed_before_anything_connects() -> None:
    nowhere = DatabaseSettings(host="127.0.0.1", port=1, database="orders", user="checkout")
    with pytest.raises(InvalidRequest, match="password source"):
        await connect_pool(nowhere)
    with pytest.raises(InvalidRequest, match="password source"):
        await connect_administrator(nowhere)
    with pytest.raises(InvalidRequest, match="reader of secrets"):
        await connect_administrator(nowhere.model_copy(update={"secret": "master"}))
    with pytest.raises(InvalidRequest, match="source of credentials"):
        connect(CacheSettings(host="127.0.0.1", user="checkout"))


async def test_a_cache_client_signs_in_as_its_own_user(redis_url: str) -> None:
    owner = connect(CacheSettings.from_url(redis_url))
    await owner.execute_command("ACL", "SETUSER", "checkout", "on", ">short-lived", "~*", "+@all")

    async def credentials() -> tuple[str, str]:
        return "checkout", "short-lived"

    own = CacheSettings.from_url(redis_url).model_copy(update={"user": "checkout"})
    client = connect(own, credentials)
    assert await client.execute_command("ACL", "WHOAMI") == "checkout"
    await client.aclose()
    await owner.execute_command("ACL", "DELUSER", "checkout")
    await owner.aclose()


async def test_a_cache_client_without_a_user_sends_no_credentials(redis_url: str) -> None:
    async def credentials() -> tuple[str, str]:
        raise AssertionError("nobody asked for credentials")

    client = connect(CacheSettings.from_url(redis_url), credentials)
    assert await client.execute_command("ACL", "WHOAMI") == "default"
    await client.aclose()


def test_an_unknown_cloud_is_told_with_the_known_ones() -> None:
    with pytest.raises(UnknownCloud, match=r"no cloud 'azur'.* one of: aws"):
        cloud.load("azur")


def test_only_the_chosen_clouds_sdk_is_loaded() -> None:
    probe = (
        "import sys; from commerce.adapters import cloud, postgres, redis; before = set(sys.modules);"
        "cloud.load('aws'); print('boto3' in before, 'boto3' in sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == ["False", "True"]


async def test_a_cache_that_restarted_is_sent_its_scripts_again(redis_url: str) -> None:
    client = connect(CacheSettings.from_url(redis_url))
    carts = RedisCarts(client)
    await carts.set_item("ann", "tea", 1)
    await client.script_flush()
    assert (await carts.set_item("ann", "tea", 2)).items == {"tea": 2}
    await client.aclose()
