from __future__ import annotations

from pathlib import Path

import pytest
import redis

from toolkit.errors import ToolkitError
from toolkit.local.servers.redis import RedisServer


def test_data_and_users_survive_a_restart(tmp_path: Path) -> None:
    server = RedisServer(tmp_path / "redis")
    server.start()
    with redis.Redis.from_url(server.url, decode_responses=True) as admin:
        admin.set("cart", "kept")
        admin.execute_command("ACL", "SETUSER", "checkout", "on", "nopass", "~*", "+@read")
        admin.execute_command("ACL", "SAVE")
    server.stop()
    again = RedisServer(tmp_path / "redis")
    again.start()
    try:
        any_password = "a token that nobody checks"
        with redis.Redis(port=again.port, username="checkout", password=any_password, decode_responses=True) as user:
            assert user.get("cart") == "kept"
            with pytest.raises(redis.exceptions.NoPermissionError):
                user.set("cart", "changed")
    finally:
        again.stop()


def test_a_taken_port_is_named(tmp_path: Path, redis_server: RedisServer) -> None:
    with pytest.raises(ToolkitError, match=str(redis_server.port)):
        RedisServer(tmp_path / "redis", redis_server.port).start()


def test_a_test_starts_with_an_empty_server(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as connection:
        assert connection.dbsize() == 0
        connection.set("leftover", 1)


test_no_test_sees_another_ones_keys = test_a_test_starts_with_an_empty_server
