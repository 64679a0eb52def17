"""Brings one registered resource after another from its recorded state to what the program wants."""

from __future__ import annotations

import threading
from dataclasses import replace

from toolkit.engine import urns
from toolkit.engine.calls import ProviderCalls
from toolkit.engine.events import Event, OnEvent, Operation, ignore
from toolkit.engine.inventory import Inventory
from toolkit.engine.paths import first_step, keep_ignored
from toolkit.engine.program import Program
from toolkit.engine.provider import UNKNOWN, Diff, Properties, Provider, ProviderError
from toolkit.engine.providers import ProviderResources
from toolkit.engine.registration import Registered, Registration
from toolkit.engine.replacement import dependents_to_replace
from toolkit.engine.state import ResourceState, State
from toolkit.engine.values import holds_secret, reveal
from toolkit.errors import ToolkitError

STACK_REFERENCE = "pulumi:pulumi:StackReference"


class Reconciler:
    """The `Host` of a deployment and of a preview: creates, updates, replaces or leaves each resource.

    Called from many threads, one resource each; what a resource depends on is always done before it comes.
    """

    def __init__(
        self,
        program: Program,
        provider: Provider,
        state: State,
        *,
        preview: bool = False,
        on_event: OnEvent = ignore,
    ) -> None:
        self.preview = preview
        self.calls = ProviderCalls(provider, on_event, preview=preview)
        self.inventory = Inventory(state)
        self.registrations: dict[str, Registration] = {}
        self.counts: dict[Operation, int] = {}
        self.messages: list[tuple[str, str, str]] = []
        """What the program logged: severity, text, URN."""
        self._program = program
        self._provider = provider
        self._providers = ProviderResources(program, self.inventory, preview=preview)
        self._on_event = on_event
        self._lock = threading.RLock()

    # What a program asks for: the Host protocol.

    def register(self, goal: Registration) -> Registered:
        self._claim(goal)
        old = self.inventory.find(goal.urn, goal.aliases)
        if old is not None and (old.external or old.custom != goal.custom):
            old = None
        if not goal.custom:
            return self._component(goal, old)
        if urns.is_provider(goal.type):
            return self._settle(goal, *self._providers.reconcile(goal, old), old)
        return self._custom(goal, old)

    def read(self, goal: Registration, id: str) -> Properties:
        self._claim(goal)
        if goal.type == STACK_REFERENCE:
            outputs = self._stack_reference(id)
        else:
            outputs = {} if id == UNKNOWN else self.calls.read(goal, id, "read").outputs
        state = replace(goal.settled(id, goal.inputs, outputs), external=True)
        self._settle(goal, "read", state, self.inventory.find(goal.urn))
        return outputs

    def invoke(self, token: str, args: Properties) -> Properties:
        try:
            return self._provider.invoke(token, reveal(args))
        except ProviderError as error:
            raise ToolkitError(f"{token}: {error}") from error

    def register_outputs(self, urn: str, outputs: Properties) -> None:
        self.inventory.set_outputs(urn, outputs)

    def default_provider(self, package: str, version: str, needed_by: str) -> str:
        with self._lock:
            return self._providers.default(package, version, needed_by)

    def log(self, severity: str, message: str, urn: str) -> None:
        self.messages.append((severity, message, urn))

    # What becomes of it.

    def _claim(self, goal: Registration) -> None:
        with self._lock:
            first = self.registrations.setdefault(goal.urn, goal)
        if first is not goal:
            raise ToolkitError(
                f"duplicate resource URN {goal.urn}, made at {first.place} and again at {goal.place}",
                next_step=f"give one of the two another name than {goal.name!r}",
            )

    def _component(self, goal: Registration, old: ResourceState | None) -> Registered:
        operation: Operation = "create" if old is None else "same" if old.inputs == goal.inputs else "update"
        self._settle(goal, operation, goal.settled("", goal.inputs, old.outputs if old else {}), old)
        return Registered()

    def _custom(self, goal: Registration, old: ResourceState | None) -> Registered:
        if old is None:
            inputs = self.calls.check(goal, None, goal.inputs)
            if goal.import_id:
                return self._import(goal, inputs)
            gone = self.inventory.was_deleted_first(goal.urn, goal.aliases)
            return self._create(goal, inputs, "replace" if gone else "create")
        news = keep_ignored(goal.inputs, old.inputs, goal.ignore_changes)
        inputs = self.calls.check(goal, old.inputs, news)
        diff = self._diff(goal, old, inputs)
        if diff.replaces:
            return self._replace(goal, old, diff)
        if diff.changed:
            outputs = self.calls.update(goal, old, inputs)
            return self._settle(goal, "update", goal.settled(old.id, inputs, outputs), old)
        return self._settle(goal, "same", goal.settled(old.id, inputs, old.outputs), old)

    def _create(self, goal: Registration, inputs: Properties, operation: Operation) -> Registered:
        created = self.calls.create(goal, inputs, operation)
        id = UNKNOWN if self.preview else created.id
        return self._settle(goal, operation, goal.settled(id, inputs, created.outputs))

    def _import(self, goal: Registration, inputs: Properties) -> Registered:
        found = self.calls.read(goal, goal.import_id, "import")
        return self._settle(goal, "import", goal.settled(found.id, inputs, found.outputs))

    def _diff(self, goal: Registration, old: ResourceState, inputs: Properties) -> Diff:
        diff = self.calls.diff(goal, old, inputs)
        forced = {first_step(path) for path in goal.replace_on_changes}
        also = [name for name in diff.changed if forced & {"*", name} and name not in diff.replaces]
        return replace(diff, replaces=(*diff.replaces, *also))

    def _replace(self, goal: Registration, old: ResourceState, diff: Diff) -> Registered:
        """Creates the new one first and leaves the old one for the end, unless it has to go before."""
        if old.protect and goal.protect:
            raise ToolkitError(
                f"{goal.title} is protected, and its {', '.join(diff.replaces)} cannot change without replacing it",
                next_step=f"take `protect` off at {goal.place} if it may go",
            )
        # Names chosen for the old one must not stay: for a while the two exist side by side.
        inputs = self.calls.check(goal, None, goal.inputs)
        before = diff.delete_before_replace if goal.delete_before_replace is None else goal.delete_before_replace
        if before:
            self._delete_first(goal, old)
        else:
            self.inventory.condemn(old)
        return self._create(goal, inputs, "replace")

    def _delete_first(self, goal: Registration, old: ResourceState) -> None:
        dependents = dependents_to_replace(old, self.inventory, self.calls)
        for state in dependents:
            if state.protect:
                raise ToolkitError(
                    f"{state.name} ({state.type}) is protected, but would be replaced together with {goal.title}",
                    next_step="take its `protect` off if it may go",
                )
        for state in (*reversed(dependents), old):
            self.calls.delete(state)
            self.inventory.remove(state)

    def _stack_reference(self, name: str) -> Properties:
        outputs = self._program.stack_outputs.get(name)
        if outputs is None:
            known = ", ".join(sorted(self._program.stack_outputs)) or "none"
            raise ToolkitError(
                f"the program reads the stack {name!r}, whose outputs are not known here (known: {known})",
                next_step="deploy that stack first",
            )
        secret = [key for key, value in outputs.items() if holds_secret(value)]
        return {"name": name, "outputs": outputs, "secretOutputNames": secret}

    def _settle(
        self, goal: Registration, operation: Operation, state: ResourceState, old: ResourceState | None = None
    ) -> Registered:
        self.inventory.settle(state, old)
        with self._lock:
            self.counts[operation] = self.counts.get(operation, 0) + 1
        if operation == "same" or not goal.custom:
            self._on_event(Event(operation=operation, phase="done", urn=goal.urn, type=goal.type, name=goal.name))
        return Registered(id=state.id, outputs=state.outputs)
