from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from toolkit.errors import ToolkitError
from toolkit.local.lambda_functions.configuration import LambdaConfiguration
from toolkit.local.lambda_functions.specs import worker
from toolkit.local.lambda_functions.workers import Workers
from toolkit.local.processes.fork_server import ForkServer
from toolkit.local.processes.identity import ProcessIdentity
from toolkit.local.processes.ports import free_port, is_listening
from toolkit.local.processes.spec import Kind, ProcessSpec
from toolkit.local.processes.supervisor import Supervisor

SERVER = """
import http.server, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(os.environ.get(self.path[1:], "").encode())
print("listening on", sys.argv[1], flush=True)
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


@dataclass(kw_only=True)
class Host:
    """A machine that only records the calls of the supervisor."""

    logs: Path
    workers: Path
    region: str = "eu-west-1"
    aws_endpoint: str = "http://127.0.0.1:1"
    recorded: dict[str, int] = field(default_factory=dict)
    changes: list[tuple[str, int | None]] = field(default_factory=list)
    refusals: int = 0
    forks: ForkServer | None = None

    def credentials(self, role_arn: str, session: str) -> Mapping[str, str]:
        if self.refusals:
            self.refusals -= 1
            raise ConnectionError("no answer from the issuer of credentials")
        return {"AWS_ACCESS_KEY_ID": f"key of {role_arn} for {session}"}

    def record(self, name: str, pid: int | None) -> None:
        self.changes.append((name, pid))

    def revive(self) -> None:
        pass

    def restarts(self, name: str) -> int:
        """How often a process was started again."""
        return sum(changed == name and pid is not None for changed, pid in self.changes) - 1


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(logs=tmp_path / "logs", workers=tmp_path / "workers.json")


def server(name: str, role_arn: str | None = None, **environment: str) -> ProcessSpec:
    port = free_port()
    return ProcessSpec(
        name=name,
        command=[sys.executable, "-c", SERVER, str(port)],
        environment=environment,
        role_arn=role_arn,
        ready_url=f"http://127.0.0.1:{port}/",
        port=port,
    )


def environment_of(pid: int) -> dict[str, str]:
    entries = Path(f"/proc/{pid}/environ").read_text().split("\0")
    return dict(entry.split("=", 1) for entry in entries if "=" in entry)


def eventually(fact: Callable[[], bool], seconds: float = 6) -> bool:
    deadline = time.monotonic() + seconds
    while not fact() and time.monotonic() < deadline:
        time.sleep(0.02)
    return fact()


def test_start_returns_when_all_are_ready_and_stop_leaves_nothing(host: Host) -> None:
    specs = [server("catalog"), server("checkout")]
    supervisor = Supervisor(specs, host)
    supervisor.start()
    assert all(is_listening(spec.port or 0) for spec in specs)
    identities = [ProcessIdentity.of(pid) for pid in supervisor.pids().values()]
    supervisor.stop()
    assert [identity.find() for identity in identities] == [None, None]
    assert {name for name, pid in host.changes if pid is None} == {"checkout", "catalog"}
    assert "listening on" in (host.logs / "catalog.log").read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="reads another process's environment from /proc")
def test_a_process_acts_as_its_role_and_not_as_whoever_started_it(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of the person at the keyboard")
    supervisor = Supervisor([server("checkout", role_arn="arn:role/checkout", CURRENCY="usd")], host)
    supervisor.start()
    seen = environment_of(supervisor.pids()["checkout"])
    supervisor.stop()
    assert seen["AWS_ACCESS_KEY_ID"] == "key of arn:role/checkout for checkout"
    assert seen["AWS_ENDPOINT_URL"] == host.aws_endpoint
    assert seen["AWS_REGION"] == "eu-west-1"
    assert seen["CURRENCY"] == "usd"
    assert "AWS_SECRET_ACCESS_KEY" not in seen


def test_a_crashed_process_is_started_again(host: Host) -> None:
    spec = server("catalog")
    supervisor = Supervisor([spec], host)
    supervisor.start()
    first = supervisor.pids()["catalog"]
    os.kill(first, signal.SIGKILL)
    assert eventually(lambda: supervisor.pids().get("catalog", first) != first and is_listening(spec.port or 0))
    assert host.restarts("catalog") == 1
    supervisor.stop()


def test_a_process_that_cannot_be_started_for_a_while_is_started_later(host: Host) -> None:
    spec = server("catalog", role_arn="arn:role/catalog")
    supervisor = Supervisor([spec], host)
    supervisor.start()
    first = supervisor.pids()["catalog"]
    host.refusals = 2
    os.kill(first, signal.SIGKILL)
    assert eventually(lambda: supervisor.pids().get("catalog", first) != first and is_listening(spec.port or 0))
    assert host.restarts("catalog") == 1
    supervisor.stop()
    assert host.refusals == 0


def test_processes_are_stopped_at_the_same_time_and_entrances_before_the_rest(host: Host) -> None:
    patient = (
        "import signal, sys, time\ndef end(*_):\n print(time.time()); time.sleep(0.7); print(time.time()); sys.exit()\n"
    )
    patient += "signal.signal(signal.SIGTERM, end); print('ready', flush=True); time.sleep(60)"
    kinds: list[tuple[str, Kind]] = [("catalog", "service"), ("saga", "worker"), ("poller", "poller")]
    specs = [ProcessSpec(name=name, command=[sys.executable, "-c", patient], kind=kind) for name, kind in kinds]
    supervisor = Supervisor(specs, host)
    supervisor.start()
    assert eventually(lambda: all("ready" in supervisor.log(spec.name).read_text() for spec in specs))
    supervisor.stop()
    asked, ended = {}, {}
    for spec in specs:
        asked[spec.name], ended[spec.name] = map(float, supervisor.log(spec.name).read_text().split()[1:])
    assert ended["poller"] <= min(asked["catalog"], asked["saga"])
    assert max(asked["catalog"], asked["saga"]) < min(ended["catalog"], ended["saga"])


def test_a_process_that_keeps_crashing_is_started_less_and_less_often(host: Host) -> None:
    flag = host.logs.parent / "crash"
    code = f"import pathlib, time; time.sleep(60) if not pathlib.Path({str(flag)!r}).exists() else exit(3)"
    supervisor = Supervisor([ProcessSpec(name="crash", command=[sys.executable, "-c", code])], host)
    supervisor.start()
    flag.touch()
    os.kill(supervisor.pids()["crash"], signal.SIGKILL)
    time.sleep(2)
    restarts = host.restarts("crash")
    supervisor.stop()
    assert 2 <= restarts <= 5


def test_a_process_that_does_not_get_ready_is_named_with_its_last_lines(host: Host) -> None:
    broken = ProcessSpec(
        name="checkout",
        command=[sys.executable, "-c", "raise SystemExit('ORDERS_HOST is not set')"],
        ready_url="http://127.0.0.1:1/",
    )
    healthy = server("catalog")
    with pytest.raises(ToolkitError, match=r"checkout ended with code 1(.|\n)*ORDERS_HOST is not set") as refused:
        Supervisor([healthy, broken], host).start()
    assert "logs/checkout.log" in refused.value.next_step
    assert not is_listening(healthy.port or 0)


def test_a_taken_port_is_named_before_anything_starts(host: Host) -> None:
    first = server("first")
    running = Supervisor([first], host)
    running.start()
    taken = ProcessSpec(name="second", command=["true"], port=first.port)
    with pytest.raises(ToolkitError, match=f"port {first.port}, which second uses here, is taken"):
        Supervisor([taken], host).start()
    running.stop()


def test_a_worker_whose_event_timed_out_is_back_for_the_next_one(host: Host) -> None:
    port = free_port()
    spec = worker(
        name="saga",
        function=LambdaConfiguration(name="saga-1a2b3c4", arn="arn:saga", timeout_seconds=0.5, memory_mib=128),
        handler="tests.local.handlers.steps.step",
        port=port,
        environment={},
        role_arn=None,
    )
    supervisor = Supervisor([spec], host)
    supervisor.start()
    workers = Workers(host.workers)
    events = [b'{"do": "sleep", "seconds": 30}', b'{"order_id": "waits in line"}', b'{"order_id": "waits in line"}']
    with ThreadPoolExecutor(3) as pool:
        late, *waiting = pool.map(lambda event: workers.invoke("saga-1a2b3c4", event), events)
    again = workers.invoke("saga-1a2b3c4", b'{"order_id": "o-1"}')
    supervisor.stop()
    assert json.loads(late.payload)["errorType"] == "Sandbox.Timedout"
    assert [json.loads(done.payload)["order_id"] for done in waiting] == ["waits in line", "waits in line"]
    assert json.loads(again.payload)["order_id"] == "o-1"
    assert not host.workers.exists()
