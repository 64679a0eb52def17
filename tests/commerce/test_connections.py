"""Settings from a workload's environment, and connections that sign in."""

from __future__ import annotations

import boto3
import pytest

from commerce.adapters.postgres import DatabaseSettings, connect_administrator, connect_pool
from commerce.adapters.redis import CacheSettings, RedisCarts, connect
from commerce.errors import InvalidRequest


def test_the_settings_are_what_a_link_puts_into_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"HOST": "db", "PORT": "5433", "DATABASE": "orders", "USER": "checkout"}.items():
        monkeypatch.setenv(f"ORDERS_{name}", value)
    database = DatabaseSettings()  # type: ignore[call-arg]
    assert (database.host, database.port, database.user) == ("db", 5433, "checkout")
    assert (database.tls, database.authentication) == ("verify-full", "iam")
    for name, value in {"HOST": "cache", "USER": "checkout", "CLUSTER": "carts-1", "TLS": "disable"}.items():
        monkeypatch.setenv(f"CARTS_{name}", value)
    cache = CacheSettings()  # type: ignore[call-arg]
    assert (cache.host, cache.port, cache.cluster, cache.tls) == ("cache", 6379, "carts-1", "disable")


async def test_a_pool_signs_in_with_a_token_of_the_processs_role(aws: None, postgres_dsn: str) -> None:
    settings = DatabaseSettings.from_dsn(postgres_dsn).model_copy(update={"authentication": "iam"})
    pool = await connect_pool(settings, 1, 1)
    assert await pool.fetchval("SELECT current_user") == settings.user
    await pool.close()


async def test_the_administrator_signs_in_with_the_secret(aws: None, postgres_dsn: str) -> None:
    settings = DatabaseSettings.from_dsn(postgres_dsn)
    client = boto3.client("secretsmanager", region_name="eu-central-1")
    arn = client.create_secret(Name="master", SecretString=f'{{"username": "{settings.user}", "password": "secret"}}')[
        "ARN"
    ]
    with_secret = settings.model_copy(update={"authentication": "secret", "secret_arn": arn, "user": ""})
    connection = await connect_administrator(with_secret)
    assert await connection.fetchval("SELECT current_user") == settings.user
    await connection.close()
    with pytest.raises(InvalidRequest, match="Only the administrator"):
        await connect_pool(with_secret)


async def test_a_cache_client_signs_in_as_its_own_user(aws: None, redis_url: str) -> None:
    owner = connect(CacheSettings.from_url(redis_url))
    await owner.execute_command("ACL", "SETUSER", "checkout", "on", "nopass", "~*", "+@all")
    own = CacheSettings.from_url(redis_url).model_copy(update={"user": "checkout", "cluster": "carts-1"})
    client = connect(own)
    assert await client.execute_command("ACL", "WHOAMI") == "checkout"
    await client.aclose()
    await owner.execute_command("ACL", "DELUSER", "checkout")
    await owner.aclose()


async def test_a_cache_that_restarted_is_sent_its_scripts_again(redis_url: str) -> None:
    client = connect(CacheSettings.from_url(redis_url))
    carts = RedisCarts(client)
    await carts.set_item("ann", "tea", 1)
    await client.script_flush()
    assert (await carts.set_item("ann", "tea", 2)).items == {"tea": 2}
    await client.aclose()
