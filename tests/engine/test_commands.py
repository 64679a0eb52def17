"""`marketplace plan` and `marketplace provider`, as a person runs them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import psutil
import pytest

from tests.engine.memory_cloud import MemoryCloud
from tests.engine.small_programs import WriteProgram
from toolkit.cli import app
from toolkit.engine.architecture import links
from toolkit.engine.deployment import deploy
from toolkit.engine.planning import preview
from toolkit.engine.state import State
from toolkit.local.deployers.deployer import Deployed
from toolkit.local.stack.counts import components

T = TypeVar("T")
SOURCE = """
class Orders(pulumi.ComponentResource):
    def __init__(self):
        super().__init__("shop:orders:Orders", "orders", {
            "function": "order-database", "engine": "aurora-postgresql",
            "links": [{"target": "carts", "access": "reads"}]})
        self.queue = aws.sqs.Queue("orders-queue", opts=pulumi.ResourceOptions(parent=self, protect=True))


orders = Orders()
orders.queue.arn.apply(lambda arn: aws.sqs.Queue("inside"))
"""


def run(*arguments: str) -> None:
    with pytest.raises(SystemExit) as ended:
        app(list(arguments))
    assert not ended.value.code


def test_plan_shows_functions_resources_links_and_findings(
    program: WriteProgram, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(program(SOURCE).root)
    run("plan", "--stack", "dev", "--project", folder)
    shown = capsys.readouterr().out
    assert "Order Database  aurora-postgresql  available  orders" in " ".join(shown.split(" "))
    assert "└── orders-queue Queue protected" in shown
    assert "reads" in shown
    assert "created-inside-apply" in shown
    assert "1 functions, 1 components, 2 cloud resources, 1 links, 1 findings" in shown


def test_a_component_may_have_properties_of_these_names_that_mean_something_else(program: WriteProgram) -> None:
    cars = program("""
    class Car(pulumi.ComponentResource):
        def __init__(self):
            super().__init__("shop:cars:Car", "car", {"function": ["drive"], "engine": {"cylinders": 4}, "links": 7})
            aws.sqs.Queue("horn", opts=pulumi.ResourceOptions(parent=self))
    Car()
    """)
    planned = preview(cars)
    assert links(planned) == []
    assert {resource.function for resource in planned} == {None}
    [car] = components(Deployed(resources=deploy(cars, MemoryCloud(), State()).resources, outputs={}, changes={}))
    assert (car.name, car.engine) == ("car", None)


def test_plan_as_json_has_the_fields_that_other_tools_read(
    program: WriteProgram, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(program(SOURCE).root)
    run("plan", "--stack", "dev", "--project", folder, "--json")
    made = json.loads(capsys.readouterr().out)
    assert {"stack", "cloud", "functions", "resources", "links", "findings", "seconds"} <= made.keys()
    wanted = {"urn", "type", "name", "parent", "custom", "inputs", "dependencies", "provider", "protect", "aliases"}
    assert all(wanted | {"function"} <= resource.keys() for resource in made["resources"])
    assert {"id", "title", "engine", "lifecycle"} <= made["functions"][0].keys()


WAITS = """
import time
from pathlib import Path

Path("runs").touch()
time.sleep(60)
"""


@pytest.mark.parametrize("moment", ["its SDK loads", "it runs"])
@pytest.mark.parametrize(
    ("end", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)], ids=["Ctrl-C", "killed"]
)
def test_the_program_ends_with_the_plan(program: WriteProgram, moment: str, end: int, code: int) -> None:
    folder = program(WAITS).folder
    command = [sys.executable, "-c", "from toolkit.cli import app; app()", "plan", "--stack", "dev"]
    plan = subprocess.Popen(
        [*command, "--project", str(folder)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    )
    try:
        running = until(lambda: children if len(children := psutil.Process(plan.pid).children()) == 2 else [])
        if moment == "it runs":
            until((folder / "runs").exists)
        else:
            until(lambda: all("toolkit.engine.launcher" in one.cmdline() for one in running))
            time.sleep(0.2)
        os.killpg(plan.pid, end)  # as the terminal does: the whole process group
        assert plan.communicate(timeout=10)[0].decode().strip() == ""
        assert plan.returncode == code
        psutil.wait_procs(running, timeout=10)
        assert not any(one.is_running() for one in running)
    finally:
        plan.kill()
        plan.wait()


def until(fact: Callable[[], T]) -> T:
    """The first true value of `fact`."""
    deadline = time.monotonic() + 30
    while not (value := fact()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return value


def test_provider_serves_until_ctrl_c() -> None:
    command = [sys.executable, "-c", "from toolkit.cli import app; app()", "provider", "--symbolic"]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert child.stdout is not None
        line = child.stdout.readline()
        assert line.startswith("export PULUMI_DEBUG_PROVIDERS=aws:")
        port = int(line.strip().split(",")[0].rpartition(":")[2])
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        child.send_signal(signal.SIGINT)
        assert child.wait(timeout=10) == 0
    finally:
        child.kill()
        child.wait()


def test_provider_needs_either_symbolic_or_local(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        app(["provider"])
    assert ended.value.code == 1
    assert "--symbolic, or --local" in capsys.readouterr().err
