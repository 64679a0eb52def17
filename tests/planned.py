"""Plans of the project's stacks, made once for all test processes, and questions to ask them."""

from __future__ import annotations

import fcntl
import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from toolkit.engine import plan
from toolkit.engine.model import Plan, Resource
from toolkit.engine.program import Program

ROOT = Path(__file__).resolve().parent.parent
Policy = dict[str, tuple[list[str], list[str]]]


class Planned:
    """A plan, and its values in a form that reads well: `<Cluster orders.endpoint>` for a reference."""

    def __init__(self, made: Plan) -> None:
        self.plan = made
        self.resources = {resource.urn: resource for resource in made.resources}

    def one(self, kind: str, name: str) -> Resource:
        """The resource whose type ends in `kind`, such as `Cluster` or `ecs/cluster:Cluster`."""
        found = [r for r in self.plan.resources if r.type.endswith((f":{kind}", f"/{kind}")) and r.name == name]
        assert len(found) == 1, f"{len(found)} resources {kind} {name}"
        return found[0]

    def inputs(self, kind: str, name: str) -> dict[str, Any]:
        """The inputs of one resource, readable."""
        readable = self.readable(self.one(kind, name).inputs)
        assert isinstance(readable, dict)
        return readable

    def every(self, kind: str) -> dict[str, Resource]:
        """All resources of a type, by name."""
        return {r.name: r for r in self.plan.resources if r.type.endswith(f":{kind}")}

    def component(self, name: str) -> Resource:
        """The component of this name."""
        return next(r for r in self.plan.resources if r.type.startswith("marketplace:") and r.name == name)

    def children(self, component: str) -> dict[str, set[str]]:
        """Names of a component's own resources, by the last word of their type."""
        urn = self.component(component).urn
        grouped: dict[str, set[str]] = {}
        for resource in self.plan.resources:
            if resource.parent == urn:
                grouped.setdefault(resource.type.rpartition(":")[2], set()).add(resource.name)
        return grouped

    def needs(self, resource: Resource) -> set[str]:
        """URNs of everything that must exist before the resource, and is deleted after it."""
        found: set[str] = set()
        waiting = [resource.urn]
        while waiting:
            for urn in self.resources[waiting.pop()].dependencies:
                if urn not in found:
                    found.add(urn)
                    waiting.append(urn)
        return found

    def allowed(self, workload: str) -> Policy:
        """What a role's policy allows: actions and resources by statement."""
        return {s["Sid"]: (s["Action"], s["Resource"]) for s in self.statements(workload) if s["Effect"] == "Allow"}

    def statements(self, workload: str) -> list[dict[str, Any]]:
        """The statements of a role's one policy."""
        document = json.loads(self.inputs("RolePolicy", workload)["policy"])
        return list(document["Statement"])

    def environment(self, workload: str) -> dict[str, str]:
        """Environment variables of a container service or a function."""
        functions = self.every("Function")
        if workload in functions:
            variables = self.inputs("Function", workload)["environment"]["variables"]
            assert isinstance(variables, dict)
            return variables
        return {variable["name"]: variable["value"] for variable in self.container(workload)["environment"]}

    def container(self, workload: str) -> dict[str, Any]:
        """The one container of a service's task definition."""
        (container,) = json.loads(self.inputs("TaskDefinition", workload)["containerDefinitions"])
        assert isinstance(container, dict)
        return container

    def readable(self, value: Any) -> Any:
        """`value` with every reference as `<Type name.property>`."""
        if isinstance(value, Mapping):
            if "$ref" in value:
                return self._reference(value["$ref"])
            if "$concat" in value:
                return "".join(str(self.readable(part)) for part in value["$concat"])
            if "$secret" in value:
                return self.readable(value["$secret"])
            return {key: self.readable(inner) for key, inner in value.items()}
        return [self.readable(inner) for inner in value] if isinstance(value, list | tuple) else value

    def _reference(self, path: list[Any]) -> str:
        source, *properties = path
        where = ".".join(str(part) for part in properties)
        if source.startswith("invoke:"):
            return f"<{where}>"
        resource = self.resources[source]
        return f"<{resource.type.rpartition(':')[2]} {resource.name}.{where}>"


class Plans:
    """Makes each plan once, whichever test process asks first; they share it through a file in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[str, Planned] = {}

    def of(
        self,
        stack: str,
        *,
        called: str | None = None,
        beside: Mapping[str, dict[str, Any]] | None = None,
        **settings: str,
    ) -> Planned:
        """The plan of a stack, under another name and with other values for some settings. `beside` are the outputs of
        other stacks."""
        program = Program.load(ROOT, stack)
        config = program.config | {f"marketplace:{key}": value for key, value in settings.items()}
        program = replace(program, config=config, stack=called or stack, stack_outputs=beside or {})
        distinct = json.dumps([called, settings, beside], sort_keys=True)
        name = f"{stack}-{hashlib.sha256(distinct.encode()).hexdigest()[:8]}"
        if name not in self._made:
            self._made[name] = Planned(
                self._shared(program, self._folder / f"plan-{name}.json", thorough=not (called or settings or beside))
            )
        return self._made[name]

    def _shared(self, program: Program, file: Path, *, thorough: bool) -> Plan:
        with file.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not file.exists():
                file.write_text(plan(program, thorough=thorough).model_dump_json())
        return Plan.model_validate_json(file.read_text())


@pytest.fixture(scope="session")
def plans(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Plans:
    """Plans shared by all processes of this test run."""
    folder = tmp_path_factory.getbasetemp()
    return Plans(folder if worker_id == "master" else folder.parent)
