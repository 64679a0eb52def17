"""The cart cache's access strings on a real server: enough for the code, and nothing that harms another workload."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import redis
from redis.asyncio import Redis as AsyncRedis

from commerce.adapters.redis import RedisStockGate
from components.cart_cache import STOCK_KEYS
from components.cart_cache.aws import ALL_KEYS, COMMANDS
from components.link import Access

USER = "probe"
STOCK_ONLY = COMMANDS[Access.READS_WRITES].replace(f"~{ALL_KEYS}", f"~{STOCK_KEYS}")
SCRIPT = "redis.call('HSET', KEYS[1], 'a', 1) return redis.call('HGET', KEYS[1], 'a')"
Command = Callable[["redis.Redis"], object]

HARMFUL: dict[str, Command] = {
    "flush": lambda client: client.flushall(),
    "keys": lambda client: client.keys("*"),
    "configuration": lambda client: client.config_get("*"),
    "users": lambda client: client.acl_list(),
    "stopping the server": lambda client: client.execute_command("DEBUG", "SLEEP", "0"),
    "other clients": lambda client: client.client_list(),
}


@pytest.fixture
def signed_in(redis_url: str) -> Callable[[Access], redis.Redis]:
    """A client whose user runs the commands of an access."""

    def connect(access: Access) -> redis.Redis:
        with redis.Redis.from_url(redis_url) as administrator:
            administrator.execute_command("ACL", "SETUSER", USER, "reset", "nopass", *COMMANDS[access].split())
        return redis.Redis.from_url(redis_url, username=USER, password="any", decode_responses=True)

    return connect


def test_who_reads_and_writes_runs_scripts_and_transactions(signed_in: Callable[[Access], redis.Redis]) -> None:
    with signed_in(Access.READS_WRITES) as client:
        assert client.ping()
        assert client.eval(SCRIPT, 1, "cart") == "1"
        assert client.evalsha(client.script_load(SCRIPT), 1, "cart") == "1"
        assert client.time()
        with client.pipeline(transaction=True) as pipeline:
            pipeline.zadd("expiries", {"cart": 1}).expire("cart", 60)
            assert pipeline.execute() == [1, True]


def test_who_only_reads_cannot_write(signed_in: Callable[[Access], redis.Redis]) -> None:
    with signed_in(Access.READS) as client:
        assert client.hgetall("cart") == {}
        for write in (lambda: client.set("cart", "1"), lambda: client.eval(SCRIPT, 1, "cart")):
            with pytest.raises(redis.exceptions.NoPermissionError):
                write()


async def test_who_keeps_the_counters_of_stock_reaches_nothing_else(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as administrator:
        administrator.execute_command("ACL", "SETUSER", USER, "reset", "nopass", *STOCK_ONLY.split())
    client = AsyncRedis.from_url(redis_url, username=USER, password="any", decode_responses=True)
    gate = RedisStockGate(client)
    await gate.seed({"mug": 3})
    await gate.reserve("order", {"mug": 1}, timedelta(0))
    assert await gate.sweep(datetime.now(UTC)) == 1
    await gate.rebuild({"mug": 7}, ())
    assert await gate.available(["mug"]) == {"mug": 7}
    for elsewhere in ("cart:buyer", "{cart:buyer}:ordered", "{pace:buyer}:orders", "{recommendations}:pairs"):
        with pytest.raises(redis.exceptions.NoPermissionError):
            await client.set(elsewhere, "1")
    await client.aclose()


@pytest.mark.parametrize("command", HARMFUL)
@pytest.mark.parametrize("access", COMMANDS)
def test_no_workload_can_harm_another(signed_in: Callable[[Access], redis.Redis], access: Access, command: str) -> None:
    with signed_in(access) as client, pytest.raises(redis.exceptions.NoPermissionError):
        HARMFUL[command](client)
