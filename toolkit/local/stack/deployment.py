"""The stack on this machine, from plan to receipt: the composition root of `marketplace up`."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final
from urllib.parse import urlsplit

from toolkit.engine.counting import is_cloud_resource
from toolkit.engine.describing import RemoteSdk
from toolkit.engine.program import Program
from toolkit.errors import ToolkitError
from toolkit.local.cloud.provider import LocalProvider
from toolkit.local.cloud.warming import CALLS, warm
from toolkit.local.deployers.choice import choose
from toolkit.local.deployers.deployer import Deployed, Deployer, EngineName
from toolkit.local.processes.ports import is_free
from toolkit.local.processes.spec import ProcessSpec
from toolkit.local.processes.supervisor import Supervisor
from toolkit.local.purchase.buying import buy, stock_shelves, welcome
from toolkit.local.purchase.receipt import Receipt
from toolkit.local.purchase.visitor import UserPool
from toolkit.local.stack.assembly import process_specs
from toolkit.local.stack.counts import components, counted, not_emulated
from toolkit.local.stack.machine import DEFAULT_REGION, SERVERS, Machine
from toolkit.local.stack.steps import Steps
from toolkit.local.stack.topology import Topology, topology
from toolkit.local.stack.webhooks import register
from toolkit.local.state.integrity import require_integrity
from toolkit.local.state.run import Resources, Run

PAYMENTS: Final = "marketplace:payments:Payments"
DATABASE_CLUSTER: Final = "aws:rds/cluster:Cluster"
FULFILLED: Final = "fulfilled"
SECRET: Final = "aws:secretsmanager/secret:Secret"  # noqa: S105 - a resource type


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the user asked for."""

    root: Path
    """The folder of Pulumi.yaml."""
    stack: str
    state: Path
    port: int
    engine: EngineName = "offline"
    workers: int = 1
    """Processes for each Lambda function that no queue feeds."""


def _require_environment(program: Program) -> None:
    """This machine runs environments. Raises `ToolkitError` for a stack that runs nothing, or stands on another."""
    if program.config.get("marketplace:layer") == "baseline":
        raise ToolkitError(
            f"the stack {program.stack!r} is a baseline: what an account shares has nothing that runs here",
            next_step=f"deploy an environment (`marketplace up --stack dev`); to see the baseline: "
            f"`marketplace plan --stack {program.stack}`",
        )
    if baseline := program.config.get("marketplace:baseline"):
        raise ToolkitError(
            f"the stack {program.stack!r} stands on {baseline}, whose network is in an account",
            next_step="leave marketplace:baseline out to run it here: the stack then makes its own network",
        )


class LocalStack:
    """A stack that runs on this machine between `up` and `stop`."""

    def __init__(self, settings: Settings, steps: Steps) -> None:
        """Raises `ToolkitError` when there is no such project or stack."""
        self.settings = settings
        self.program = Program.load(settings.root, settings.stack)
        _require_environment(self.program)
        self.machine = Machine(settings.state, region=region_of(self.program))
        self._steps = steps
        self._sdk = RemoteSdk()
        self._supervisor: Supervisor | None = None
        self._deployed: Deployed | None = None
        self._deployer: Deployer | None = None
        self._well = False
        """Whether the deployment is complete and the purchase was fulfilled."""

    def __enter__(self) -> LocalStack:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Where the gateway listens."""
        return f"http://127.0.0.1:{self.settings.port}"

    @property
    def supervisor(self) -> Supervisor:
        """The running processes."""
        if self._supervisor is None:
            raise RuntimeError("the stack has not been started")
        return self._supervisor

    def up(self) -> Run:
        """Plan, servers, resources, processes, health.

        Raises:
            ToolkitError: whatever stands in the way, with the next step.
        """
        program = self.program
        deployer = choose(self.settings.engine, self.machine.state)
        self.machine.lock()
        require_integrity(self.machine.state)
        require_port(self.settings.port)
        self.machine.forks.start()
        resumed = deployer.resume(program)
        with ThreadPoolExecutor(1) as pool:
            starting = pool.submit(self._start_servers, deployer)
            if resumed is None:
                self._plan(program)
            else:
                self.machine.load_clients(*CALLS)
            with self._steps.step("servers", "PostgreSQL, Redis, AWS, Stripe") as step:
                lost = starting.result()
                step.outcome = "PostgreSQL, Redis, AWS services (moto), Stripe double: started"
        if resumed is not None and lost:
            resumed = None
            self._plan(program)
        with self._steps.step("resources", "making what the program declares") as step:
            deployed = self._deployed = resumed or self._deploy(program, deployer)
            resources = counted(deployed)
            step.outcome = _summary(resources)
        self._deployer = deployer
        wanted = topology(deployed.resources)
        specs = self._start_processes(wanted)
        return self._record(deployed, resources, specs, wanted)

    def buy(self) -> Receipt:
        """One purchase over HTTP, with the demo sellers' shelves stocked first."""
        with self._steps.step("purchase", "signing in, browsing, checking out") as step:
            cognito = self.machine.boto("cognito-idp")
            welcome(cognito, self.user_pool)
            stock_shelves(cognito, self.user_pool, self.url)
            receipt = buy(cognito, self.user_pool, self.url)
            step.outcome = f"order {receipt.order_id} {receipt.status}"
        self._well = receipt.status == FULFILLED
        return receipt

    @property
    def user_pool(self) -> UserPool:
        """Where buyers and sellers of this stack sign in."""
        outputs = self._deployed.outputs if self._deployed else {}
        try:
            return UserPool(id=outputs["directory_id"], client_id=outputs["client_id"])
        except KeyError as missing:
            raise ToolkitError(
                f"the stack exports no {missing}, so nobody can sign in",
                next_step="export `directory_id` and `client_id` from the program",
            ) from None

    def stop(self) -> None:
        """Stops every process that this stack started."""
        if self._supervisor is not None:
            self._supervisor.stop()
            self._supervisor = None
        self.machine.stop_servers()
        if self._deployer is not None and self._well and self.machine.saved:
            self._deployer.seal()
        self._well = False
        self.machine.stop()

    def _start_servers(self, deployer: Deployer) -> bool:
        """Also repairs the state; returns whether the machine has lost anything of it."""
        started = time.monotonic()
        self.machine.start()
        self._steps.took("servers", time.monotonic() - started)
        warm(self.machine)
        with self._provider() as provider:
            return deployer.repair(provider)

    def _provider(self) -> closing[LocalProvider]:
        """The provider of this machine, which is closed with the block."""
        return closing(LocalProvider(self.machine, sdk=self._sdk))

    def _deploy(self, program: Program, deployer: Deployer) -> Deployed:
        with self._provider() as provider:
            deployed = deployer.deploy(program, provider)
        self._give_stripe_secret(deployed)
        return deployed

    def _plan(self, program: Program) -> None:
        """Previews the program, to find mistakes before anything is created. `marketplace plan` checks more."""
        from toolkit.engine.architecture import links
        from toolkit.engine.planning import preview

        with self._steps.step("plan", f"what {program.project}/{program.stack} would deploy") as step:
            planned = preview(program, self._sdk)
            functions = {resource.function for resource in planned if resource.function}
            resources = sum(map(is_cloud_resource, planned))
            step.outcome = f"{len(functions)} functions, {resources} cloud resources, {len(links(planned))} links"

    def _give_stripe_secret(self, deployed: Deployed) -> None:
        """Puts the double's key into the secret where an operator puts Stripe's on AWS, unless there is one already,
        and registers the webhook endpoints as an operator does."""
        client, stripe = self.machine.boto("secretsmanager"), self.machine.stripe
        for resource in deployed.resources:
            if resource.type != SECRET or f"{PAYMENTS}$" not in resource.urn.split("::")[2] + "$":
                continue
            try:
                present = json.loads(client.get_secret_value(SecretId=resource.id)["SecretString"])
            except client.exceptions.ResourceNotFoundException:
                present = {}
            if present and not present.get("api_base"):
                continue  # the operator's own
            wanted = {**present, "api_key": stripe.api_key, "api_base": stripe.url}
            if address := self._webhook_address(deployed):
                wanted |= register(stripe.url, stripe.api_key, address, wanted)
            if wanted != present:
                client.put_secret_value(SecretId=resource.id, SecretString=json.dumps(wanted))

    def _webhook_address(self, deployed: Deployed) -> str | None:
        """The stack's address for Stripe's events, at this machine's gateway."""
        address = deployed.outputs.get("stripe_webhook_url")
        return f"{self.url}{urlsplit(str(address)).path}" if address else None

    def _start_processes(self, wanted: Topology) -> Sequence[ProcessSpec]:
        with self._steps.step("processes", "services, workers, pollers, gateway") as step:
            specs = process_specs(wanted, self.machine, gateway_port=self.settings.port, workers=self.settings.workers)
            supervisor = Supervisor(specs, self.machine)
            self._supervisor = supervisor
            step.outcome = ", ".join(spec.name for spec in specs)
        with self._steps.step("health", "waiting until all are ready") as step:
            supervisor.start()
            step.outcome = f"{len(specs)} processes ready at {self.url}"
        return specs

    def _record(self, deployed: Deployed, resources: Resources, specs: Sequence[ProcessSpec], wanted: Topology) -> Run:
        servers = {name: self.machine.port(name) for name in SERVERS}
        run = Run(
            stack=self.settings.stack,
            engine=self.settings.engine,
            url=self.url,
            endpoints=self._endpoints(deployed),
            resources=resources,
            components=components(deployed),
            not_emulated=not_emulated(deployed),
            unserved=[route for api in wanted.apis for route in api.unserved],
            ports=servers | {spec.name: spec.port for spec in specs if spec.port is not None},
        )
        run.write(self.machine.state)
        return run

    def _endpoints(self, deployed: Deployed) -> Mapping[str, str]:
        aws, pool = self.machine.aws_endpoint, self.user_pool.id
        databases = [
            str(resource.outputs["databaseName"])
            for resource in deployed.resources
            if resource.type == DATABASE_CLUSTER and resource.outputs.get("databaseName")
        ]
        return {
            "Gateway": self.url,
            "Catalog": f"{self.url}/catalog/products",
            "Issuer": str(deployed.outputs.get("issuer", "")),
            "JWKS": f"{aws}/{pool}/.well-known/jwks.json",
            "AWS": aws,
            "PostgreSQL": self.machine.postgres.dsn(databases[0] if databases else "postgres"),
            "Redis": self.machine.redis.url,
            "Stripe": self.machine.stripe.url,
        }


def region_of(program: Program) -> str:
    """The region that a stack's settings name."""
    return program.config.get("aws:region", DEFAULT_REGION)


def require_port(port: int) -> None:
    """Refuses a port that another process has, before the work of a deployment."""
    if not is_free(port):
        raise ToolkitError(
            f"port {port} is taken by another process",
            next_step=f"stop that process (`lsof -i :{port}` names it), or choose another port: --port N",
        )


def _summary(resources: Resources) -> str:
    changes = {
        "created": resources.create,
        "updated": resources.update,
        "replaced": resources.replace,
        "deleted": resources.delete,
        "unchanged": resources.same,
    }
    parts = [f"{count} {what}" for what, count in changes.items() if count] or ["nothing to do"]
    return f"{resources.total} cloud resources: {', '.join(parts)}"
