from __future__ import annotations

import os
import signal
import tempfile
import time
from pathlib import Path

import asyncpg
import psutil
import pytest

from toolkit.errors import ToolkitError
from toolkit.local.processes.ports import is_listening
from toolkit.local.servers.postgres import PostgresServer
from toolkit.local.servers.unprivileged import NOBODY


async def test_data_survives_a_restart(tmp_path: Path) -> None:
    server = PostgresServer(tmp_path / "postgres")
    server.start()
    server.execute("CREATE TABLE kept (value int)", "INSERT INTO kept VALUES (42)")
    server.stop()
    again = PostgresServer(tmp_path / "postgres")
    again.start()
    try:
        connection = await asyncpg.connect(again.url)
        assert await connection.fetchval("SELECT value FROM kept") == 42
        await connection.close()
    finally:
        again.stop()
    assert not is_listening(again.port)


def test_a_lock_left_by_a_killed_server_does_not_prevent_the_next_start(tmp_path: Path) -> None:
    server = PostgresServer(tmp_path / "postgres")
    server.start()
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    lock = tmp_path / "postgres" / "data" / "postmaster.pid"
    lock.write_text("\n".join([str(os.getppid()), *lock.read_text().splitlines()[1:]]) + "\n")
    again = PostgresServer(tmp_path / "postgres")
    again.start()
    again.execute("SELECT 1")
    again.stop()


def test_a_server_left_running_by_a_dead_owner_is_replaced(tmp_path: Path) -> None:
    left = PostgresServer(tmp_path / "postgres")
    left.start()
    again = PostgresServer(tmp_path / "postgres")
    again.start()
    again.execute("SELECT 1")
    again.stop()
    assert not is_listening(left.port)
    left.stop()


def test_starting_twice_keeps_the_server(postgres_server: PostgresServer) -> None:
    before = postgres_server.pid
    postgres_server.start()
    assert postgres_server.pid == before


def test_a_taken_port_is_named(tmp_path: Path, postgres_server: PostgresServer) -> None:
    with pytest.raises(ToolkitError, match=str(postgres_server.port)) as refused:
        PostgresServer(tmp_path / "postgres", postgres_server.port).start()
    assert "stop that process" in refused.value.next_step


def test_data_of_a_version_that_is_not_installed_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("9\n")
    with pytest.raises(ToolkitError, match="written by PostgreSQL 9"):
        PostgresServer(tmp_path / "postgres").start()


def test_data_that_lost_its_version_file_is_refused_and_kept(tmp_path: Path) -> None:
    data = tmp_path / "postgres" / "data"
    (data / "base").mkdir(parents=True)
    with pytest.raises(ToolkitError, match="no PG_VERSION") as refused:
        PostgresServer(tmp_path / "postgres").start()
    assert "down --purge" in refused.value.next_step
    assert (data / "base").exists()


async def test_every_test_gets_an_empty_database(postgres_dsn: str) -> None:
    connection = await asyncpg.connect(postgres_dsn)
    assert await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
    await connection.execute("CREATE TABLE leftover ()")
    await connection.close()


test_no_test_sees_another_ones_tables = test_every_test_gets_an_empty_database


async def test_stop_ends_the_server_although_a_client_is_connected(tmp_path: Path) -> None:
    server = PostgresServer(tmp_path / "postgres")
    server.start()
    connection = await asyncpg.connect(server.url)
    started = time.monotonic()
    server.stop()
    assert time.monotonic() - started < 5
    connection.terminate()
    assert not (tmp_path / "postgres" / "data" / "postmaster.pid").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
class TestWithoutUserNamespaces:
    @pytest.fixture(autouse=True)
    def no_namespaces(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("toolkit.local.servers.unprivileged._succeeds", lambda command: False)

    def test_root_starts_the_server_as_nobody(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            Path(folder).chmod(0o755)
            server = PostgresServer(Path(folder) / "postgres")
            server.start()
            server.execute("SELECT 1")
            assert server.pid is not None
            assert psutil.Process(server.pid).uids().effective == NOBODY
            server.stop()

    def test_a_folder_that_nobody_else_can_enter_is_refused_with_advice(self) -> None:
        with tempfile.TemporaryDirectory() as folder, pytest.raises(ToolkitError, match="refuses to run as root"):
            PostgresServer(Path(folder) / "postgres").start()
