from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from toolkit.errors import ToolkitError
from toolkit.local.processes.health import answers
from toolkit.local.processes.ports import LAST_PORT, is_listening
from toolkit.local.stack.machine import Machine

OWNER = """
import sys, time
from pathlib import Path
from toolkit.local.stack.machine import Machine
machine = Machine(Path(sys.argv[1]))
machine.start("redis")
print(machine.redis.port, machine.redis.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    with Machine(tmp_path_factory.mktemp("state"), region="eu-west-1") as running:
        running.start()
        yield running


def test_all_servers_answer(machine: Machine) -> None:
    machine.postgres.execute("SELECT 1")
    assert is_listening(machine.redis.port)
    assert answers(f"{machine.stripe.url}/_double/health")
    assert machine.boto("sqs").list_queues()["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert all(pid.find() is not None for pid in machine.recorded().values())


def test_servers_stay_small(machine: Machine) -> None:
    used = 0
    for identity in machine.recorded().values():
        process = identity.find()
        assert process is not None
        used += sum(member.memory_info().rss for member in (process, *process.children(recursive=True)))
    assert used < 600 * 1024 * 1024


def test_a_process_that_another_one_replaced_was_restarted(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    replaced = subprocess.Popen(["sleep", "60"])
    machine.record("checkout", replaced.pid)
    machine.record("checkout", replaced.pid)
    assert machine.restarts() == {}
    machine.record("checkout", os.getpid())
    replaced.kill()
    replaced.wait()
    assert machine.restarts() == {"checkout": 1}
    machine.record("checkout", None)
    assert machine.restarts() == {}


def test_every_port_is_below_the_range_of_client_ports(machine: Machine) -> None:
    names = ("moto", "postgres", "redis", "stripe", "gateway", "checkout")
    assert {machine.port(name) > 1024 and machine.port(name) <= LAST_PORT for name in names} == {True}
    assert len({machine.port(name) for name in names}) == len(names)


def test_credentials_are_those_of_the_role(machine: Machine) -> None:
    role = machine.boto("iam").create_role(RoleName="checkout", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    credentials = machine.credentials(role, "checkout")
    asked = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
    environment = {
        **os.environ,
        **credentials,
        "AWS_ENDPOINT_URL": machine.aws_endpoint,
        "AWS_DEFAULT_REGION": "eu-west-1",
    }
    done = subprocess.run([sys.executable, "-c", asked], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("assumed-role/checkout/checkout")


def test_one_state_folder_serves_one_process_at_a_time(machine: Machine) -> None:
    assert machine.owner == os.getpid()
    with pytest.raises(ToolkitError, match=f"pid {os.getpid()}") as refused:
        Machine(machine.state).start("redis")
    assert "--state" in refused.value.next_step


def test_ports_are_the_same_in_the_next_run(tmp_path: Path) -> None:
    with Machine(tmp_path) as first:
        first.start("redis")
        port = first.redis.port
    assert first.owner is None
    assert not is_listening(port)
    with Machine(tmp_path) as second:
        assert second.redis.port == port


def test_a_port_that_somebody_took_meanwhile_is_named(tmp_path: Path) -> None:
    port = Machine(tmp_path).port("redis")
    with socket.socket() as foreign:
        foreign.bind(("127.0.0.1", port))
        foreign.listen()
        with (
            pytest.raises(ToolkitError, match=f"port {port}, which Redis uses here, is taken"),
            Machine(tmp_path) as mine,
        ):
            mine.start("redis")


def test_a_run_after_a_kill_finds_the_folder_free_and_its_ports_unused(tmp_path: Path) -> None:
    killed = subprocess.Popen([sys.executable, "-c", OWNER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert killed.stdout is not None
    port, redis = (int(word) for word in killed.stdout.readline().split())
    reapers = [
        child for child in psutil.Process(killed.pid).children() if "toolkit.local.processes.reaper" in child.cmdline()
    ]
    for reaper in reapers:
        reaper.kill()  # nobody is left to clean up
    killed.kill()
    killed.wait()
    time.sleep(0.2)
    assert len(reapers) == 1
    assert psutil.pid_exists(redis)
    with Machine(tmp_path) as machine:
        assert machine.redis.port == port
        assert machine.redis.pid != redis


def test_a_broken_book_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "machine.json").write_text("{")
    with pytest.raises(ToolkitError, match="not readable") as refused:
        Machine(tmp_path)
    assert "down --purge" in refused.value.next_step


def test_the_book_is_for_its_owner_alone(machine: Machine) -> None:
    book = machine.state / "machine.json"
    assert book.stat().st_mode & 0o077 == 0
    assert json.loads(book.read_text())["stripe_api_key"] == machine.stripe.api_key


def test_a_machine_knows_whether_all_of_it_was_saved(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "state")
    machine.start("moto")
    machine.stop()
    assert machine.saved
    machine.start("moto")
    machine.boto("sqs").create_queue(QueueName="lost")
    kill_moto(machine)
    machine.stop()
    assert not machine.saved
    machine.start("moto")
    killed = kill_moto(machine)
    deadline = time.monotonic() + 10
    while machine.recorded()["moto"].pid == killed:
        assert time.monotonic() < deadline
        machine.revive()
    machine.stop()
    assert not machine.saved


def kill_moto(machine: Machine) -> int:
    pid = machine.recorded()["moto"].pid
    os.kill(pid, signal.SIGKILL)
    return pid
