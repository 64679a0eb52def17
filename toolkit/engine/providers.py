"""Provider resources: those a program makes, and the default one of each package where it makes none."""

from __future__ import annotations

import json
import uuid

from toolkit.engine import urns
from toolkit.engine.inventory import Inventory
from toolkit.engine.operations import Operation
from toolkit.engine.program import Program
from toolkit.engine.provider import UNKNOWN
from toolkit.engine.registration import Registration
from toolkit.engine.state import ResourceState
from toolkit.errors import ToolkitError

DISABLED_DEFAULTS = "pulumi:disable-default-providers"


class ProviderResources:
    """Records providers and their configuration. The engine creates them itself; nothing is called."""

    def __init__(self, program: Program, inventory: Inventory, *, preview: bool) -> None:
        self._program = program
        self._inventory = inventory
        self._preview = preview
        self._defaults: dict[str, str] = {}
        self._disabled: list[str] = json.loads(program.config.get(DISABLED_DEFAULTS, "[]"))

    def default(self, package: str, version: str, needed_by: str) -> str:
        """Reference of a package's default provider, configured by the stack's `<package>:` settings.

        Raises:
            ToolkitError: the stack has switched default providers off.
        """
        if "*" in self._disabled or package in self._disabled:
            raise ToolkitError(
                f"default provider for {package!r} disabled: {needed_by!r} must use an explicit provider",
                next_step=f"give it `provider=` (or its component `providers=`), or change {DISABLED_DEFAULTS}",
            )
        name = f"default_{version.replace('.', '_')}" if version else "default"
        if name + package not in self._defaults:
            self._defaults[name + package] = self._make_default(package, name, version)
        return self._defaults[name + package]

    def _make_default(self, package: str, name: str, version: str) -> str:
        type = urns.PROVIDER_PREFIX + package
        prefix = f"{package}:"
        config = {k.removeprefix(prefix): v for k, v in self._program.config.items() if k.startswith(prefix)}
        registration = Registration(
            urn=urns.make(self._program.stack, self._program.project, "", type, name),
            type=type,
            name=name,
            inputs=config | ({"version": version} if version else {}),
        )
        old = self._inventory.find(registration.urn)
        _, state = self.reconcile(registration, old)
        self._inventory.record(state, old)
        return f"{state.urn}::{state.id}"

    def reconcile(self, registration: Registration, old: ResourceState | None) -> tuple[Operation, ResourceState]:
        """Records a provider. It keeps its id; a changed configuration updates it."""
        inputs = registration.inputs | ({"version": registration.version} if registration.version else {})
        operation: Operation = "create" if old is None else "same" if old.inputs == inputs else "update"
        id = old.id if old else UNKNOWN if self._preview else str(uuid.uuid4())
        return operation, registration.to_state(id, inputs, inputs)
