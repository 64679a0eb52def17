"""One deployment for all tests here: `marketplace up --once`, then a second `up` in the same folder that stays."""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import boto3
import httpx
import psutil
import pytest
import redis

from toolkit.engine.state import ResourceState, State
from toolkit.local.processes.ports import free_port
from toolkit.local.purchase.buying import SELLER_GROUP, VISA, follow
from toolkit.local.purchase.receipt import Receipt
from toolkit.local.purchase.visitor import UserPool, Visitor, sign_in

ROOT = Path(__file__).parents[2]
MARKETPLACE = [sys.executable, "-c", "from toolkit.cli import app; app()"]
STARTED_WITHIN_SECONDS = 150.0
PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None)
REGION = "eu-west-1"
"""Not the default one: what forgets the stack's region finds nothing."""


def marketplace(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Runs the command line to its end, by default in the project's folder."""
    return subprocess.run(
        [*MARKETPLACE, *arguments],
        cwd=folder,
        env=_environment(),
        capture_output=True,
        text=True,
        timeout=STARTED_WITHIN_SECONDS,
        check=False,
    )


def _environment() -> dict[str, str]:
    """This process's, without what pytest changes from test to test: it would keep a run from being resumed."""
    return {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"} | {
        "PYTHONPATH": str(ROOT)
    }


def project_with(folder: Path, old: str, new: str) -> Path:
    """A project folder whose program is this repository's, with one setting of the stack `dev` changed."""
    project = folder / "project"
    project.mkdir()
    declared = (ROOT / "Pulumi.yaml").read_text().replace("main: stacks/", f"main: {ROOT / 'stacks'}")
    (project / "Pulumi.yaml").write_text(declared)
    settings = (ROOT / "Pulumi.dev.yaml").read_text()
    assert old in settings
    (project / "Pulumi.dev.yaml").write_text(settings.replace(old, new))
    return project


def until(condition: Callable[[], Any], *, seconds: float, what: str) -> Any:
    """The first true value of `condition`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not within {seconds:.0f} seconds: {what}"
        time.sleep(0.05)
    return value


@dataclass(kw_only=True)
class FirstRun:
    """What `marketplace up --once --json` printed, and where it worked."""

    state: Path
    project: Path
    port: int
    report: dict[str, Any]
    again: dict[str, Any]
    """What the same command printed when it was called once more."""
    left: list[str]
    """Processes that still had to do with the folder when the command had ended."""


@dataclass(kw_only=True)
class Running:
    """A stack that runs, seen from outside: over HTTP, and through the servers' own clients."""

    state: Path
    url: str
    report: dict[str, Any]
    owner: subprocess.Popen[str]
    poison: str = "this is not an order"
    _clients: dict[str, Any] = field(default_factory=dict)

    @property
    def ports(self) -> Mapping[str, int]:
        return dict(json.loads((self.state / "up.json").read_text())["ports"])

    @property
    def resources(self) -> list[ResourceState]:
        return State(self.state / "state.json").revealed()

    def outputs(self, type: str, name: str) -> dict[str, Any]:
        return next(found.outputs for found in self.resources if found.type == type and found.name == name)

    def boto(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,
                endpoint_url=f"http://127.0.0.1:{self.ports['moto']}",
                region_name=REGION,
                aws_access_key_id="test",
                aws_secret_access_key="test",
            )
        return self._clients[service]

    def processes(self) -> dict[str, int]:
        """Names and pids."""
        book = json.loads((self.state / "machine.json").read_text())
        return {name: entry["pid"] for name, entry in book["processes"].items()}

    @property
    def dsn(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.ports['postgres']}/marketplace"

    @contextmanager
    def locked(self, offer_id: str) -> Iterator[None]:
        """Nobody can change the offer's row inside; it can still be read and referred to."""
        loop = asyncio.new_event_loop()
        connection = loop.run_until_complete(asyncpg.connect(self.dsn))
        try:
            loop.run_until_complete(connection.execute("BEGIN"))
            lock = "SELECT 1 FROM offers WHERE offer_id = $1 FOR NO KEY UPDATE"
            loop.run_until_complete(connection.fetch(lock, offer_id))
            yield
        finally:
            loop.run_until_complete(connection.close())
            loop.close()

    def sql(self, query: str, *values: Any) -> list[Any]:
        """Rows of the order database, read as its superuser."""

        return rows(self.dsn, query, *values)

    def redis(self) -> Any:
        return redis.Redis(port=self.ports["redis"], decode_responses=True)

    def charges(self, order_id: str) -> list[dict[str, Any]]:
        """The charges that Stripe has for an order."""
        secret = self.outputs("aws:secretsmanager/secret:Secret", "stripe")
        key = json.loads(self.boto("secretsmanager").get_secret_value(SecretId=secret["arn"])["SecretString"])
        answer = httpx.get(f"{key['api_base']}/v1/charges", auth=(key["api_key"], ""), params={"limit": 100})
        return [charge for charge in answer.json()["data"] if charge.get("transfer_group") == order_id]

    @property
    def pool(self) -> UserPool:
        pool = self.outputs("aws:cognito/userPool:UserPool", "auth")
        client = next(found for found in self.resources if found.type == "aws:cognito/userPoolClient:UserPoolClient")
        return UserPool(id=pool["arn"].rsplit("/", 1)[-1], client_id=client.id)

    def visitor(self, name: str, *, group: str | None = None) -> Visitor:
        """Somebody who is signed in."""
        token = sign_in(self.boto("cognito-idp"), self.pool, f"{name}@customers.example", group=group)
        return Visitor(self.url, token)

    def offer(self, *, stock: int, unit_price: int = 1_000) -> str:
        """A new product with one offer; its offer id."""
        product = f"test-{uuid4().hex[:8]}"
        with self.visitor("a-seller", group=SELLER_GROUP) as seller:
            seller.put("/catalog/sellers/me", {"display_name": "A seller"})
            seller.put(f"/catalog/products/{product}", {"title": product})
            made = seller.put(f"/catalog/products/{product}/offer", {"unit_price": unit_price, "stock": stock})
        return str(made["offer_id"])

    def stock(self, offer_id: str) -> int:
        [row] = self.sql("SELECT stock FROM offers WHERE offer_id = $1", offer_id)
        return int(row["stock"])

    def assert_ledger_balances(self) -> None:
        assert unbalanced(self.dsn) == []


def rows(dsn: str, query: str, *values: Any) -> list[Any]:
    async def fetch() -> list[Any]:
        connection = await asyncpg.connect(dsn)
        try:
            return list(await connection.fetch(query, *values))
        finally:
            await connection.close()

    return asyncio.run(fetch())


def unbalanced(dsn: str) -> list[Any]:
    """Ledger transactions whose entries do not sum to zero in a currency; a ledger without any entry is an error."""
    assert rows(dsn, "SELECT 1 FROM ledger_entries LIMIT 1"), "nothing was ever entered"
    query = "SELECT transaction_id, currency, sum(amount) FROM ledger_entries GROUP BY 1, 2 HAVING sum(amount) <> 0"
    return rows(dsn, query)


def buy(running: Running, name: str, items: dict[str, int], *, payment_method: str = VISA) -> Receipt:
    with running.visitor(name) as visitor:
        return follow(visitor, check_out(visitor, items, payment_method))


def check_out(visitor: Visitor, items: dict[str, int], payment_method: str) -> str:
    visitor.delete("/cart")
    for offer_id, quantity in items.items():
        visitor.put(f"/cart/items/{offer_id}", {"quantity": quantity})
    return str(visitor.post("/checkout", {"payment_method": payment_method})["order_id"])


@pytest.fixture(autouse=True)
def _the_ledger_balances_after_every_test(request: pytest.FixtureRequest) -> Iterator[None]:
    stack: Running | None = request.getfixturevalue("running") if "running" in request.fixturenames else None
    yield
    if stack is not None:
        stack.assert_ledger_balances()


@pytest.fixture(scope="session")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> FirstRun:
    state, port = tmp_path_factory.mktemp("state"), free_port()
    project = project_with(tmp_path_factory.mktemp("settings"), "us-east-1", REGION)
    where = ("--project", str(project), "--port", str(port), "--state", str(state))
    done = marketplace("up", "--once", "--json", *where)
    assert done.returncode == 0, done.stdout + done.stderr
    again = marketplace("up", "--once", "--json", *where)
    assert again.returncode == 0, again.stdout + again.stderr
    return FirstRun(
        state=state,
        project=project,
        port=port,
        report=json.loads(done.stdout),
        again=json.loads(again.stdout),
        left=processes_of(state),
    )


@pytest.fixture(scope="session")
def running(first_run: FirstRun) -> Iterator[Running]:
    """A second `up`, after a crash that left its traces in the folder."""
    book = first_run.state / "machine.json"
    content = json.loads(book.read_text())
    content["processes"] = {"checkout": {"pid": 2**22 - 1, "started": 1.0}}
    book.write_text(json.dumps(content))
    (first_run.state / "state.json.half-written").write_text("{")
    (first_run.state / "lock").write_text(str(2**22 - 1))

    where = ("--project", str(first_run.project), "--port", str(first_run.port), "--state", str(first_run.state))
    command = [*MARKETPLACE, "up", "--json", *where]
    with (first_run.state / "errors.txt").open("w") as errors:
        owner = subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            preexec_fn=_end_with_the_tests,  # noqa: PLW1509 - it only calls the kernel
        )
        assert owner.stdout is not None
        printed = ""
        for line in owner.stdout:
            printed += line
            if line == "}\n":
                break
        report = json.loads(printed)
        stack = Running(state=first_run.state, url=report.get("url", ""), report=report, owner=owner)
        fulfillment = stack.outputs("aws:sqs/queue:Queue", "fulfillment")["url"]
        stack.boto("sqs").send_message(QueueUrl=fulfillment, MessageBody=stack.poison)
        yield stack
        where = ("--project", str(first_run.project), "--state", str(first_run.state))
        down = marketplace("down", "--destroy", *where)
        assert down.returncode == 0, down.stderr
        assert f"destroyed {first_run.report['resources']['create']} cloud resources" in down.stdout
        assert State(first_run.state / "state.json").resources == []
        assert owner.wait(10) == 0, (first_run.state / "errors.txt").read_text()
        assert processes_of(first_run.state) == []


def _end_with_the_tests() -> None:
    """In a new process: the kernel stops it when the process of the tests ends, also by SIGKILL."""
    if sys.platform == "linux":
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def processes_of(state: Path) -> list[str]:
    """Commands of the processes that name the folder."""
    commands = [" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])]
    return [command for command in commands if str(state) in command]
