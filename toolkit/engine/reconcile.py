"""Brings each registered resource from its recorded state to its declared one."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace

from toolkit.engine import urns
from toolkit.engine.calls import ProviderCalls
from toolkit.engine.counting import is_cloud_resource
from toolkit.engine.inventory import Inventory
from toolkit.engine.operations import Operation
from toolkit.engine.paths import contains, details, keep_ignored, parse
from toolkit.engine.program import Program
from toolkit.engine.provider import UNKNOWN, Diff, Properties, Provider, ProviderError
from toolkit.engine.providers import ProviderResources
from toolkit.engine.registration import Registered, Registration
from toolkit.engine.replacement import dependents_to_replace
from toolkit.engine.state import ResourceState, State
from toolkit.engine.values import holds_secret, mark_secrets, reveal
from toolkit.errors import ToolkitError

STACK_REFERENCE = "pulumi:pulumi:StackReference"
GET_RESOURCE = "pulumi:pulumi:getResource"
"""With this data source the SDK reads a resource of the same program that it is given as a value."""


class Reconciler:
    """The `Host` of a deployment and of a preview: creates, updates, replaces or leaves each resource.

    Called from many threads, one resource each. The program registers a resource only when all that it depends on
    is done.
    """

    def __init__(self, program: Program, provider: Provider, state: State, *, preview: bool = False) -> None:
        self.preview = preview
        self.calls = ProviderCalls(provider, preview=preview)
        self.inventory = Inventory(state)
        self.registrations: dict[str, Registration] = {}
        self.counts: dict[Operation, int] = {}
        self.messages: list[tuple[str, str, str]] = []
        """What the program logged: severity, text, URN."""
        self.invokes: list[tuple[str, Properties, Sequence[str]]] = []
        """Every data source that was read: its token, its arguments, and URNs of the resources after which it was."""
        self._program = program
        self._provider = provider
        self._providers = ProviderResources(program, self.inventory, preview=preview)
        self._replaced: set[str] = set()
        self._completed: set[str] = set()
        self._claimed: dict[str, Registration] = {}
        self._lock = threading.RLock()

    # The Host protocol.

    def register(self, registration: Registration) -> Registered:
        self._refuse_duplicate(registration)
        old = self.inventory.find(registration.urn, registration.aliases)
        self._claim(registration, old)
        if old is not None and (old.external or old.custom != registration.custom):
            old = None
        if not registration.custom:
            return self._component(registration, old)
        if urns.is_provider(registration.type):
            return self._record(registration, *self._providers.reconcile(registration, old), old)
        return self._custom(registration, old)

    def read(self, registration: Registration, id: str) -> Properties:
        self._refuse_duplicate(registration)
        if registration.type == STACK_REFERENCE:
            outputs = self._stack_reference(id)
        else:
            outputs = {} if id == UNKNOWN else self.calls.read(registration, id).outputs
        state = replace(registration.to_state(id, registration.inputs, outputs), external=True)
        old = self.inventory.find(registration.urn)
        if old is not None and not old.external and old.id != id:  # another one of that name takes its place
            self.inventory.delete_later(old)
            old = None
        self._record(registration, "read", state, old)
        return outputs

    def invoke(self, token: str, args: Properties, after: Sequence[str]) -> Properties | None:
        self.invokes.append((token, reveal(args), list(after)))
        if any(state.id == UNKNOWN for state in map(self.inventory.done, after) if state):
            return None
        if token == GET_RESOURCE:
            return self._get_resource(args["urn"])
        if urns.package_of(token) == "pulumi":
            raise ProviderError(f"unrecognized function name: {token!r}")
        return self._provider.invoke(token, reveal(args))

    def register_outputs(self, urn: str, outputs: Properties) -> None:
        with self._lock:
            if urn in self._completed:
                raise ToolkitError(f"{urn} registers its outputs twice", next_step="call `register_outputs` once")
            self._completed.add(urn)
        self.inventory.set_outputs(urn, outputs)

    def default_provider(self, package: str, version: str, needed_by: str) -> str:
        with self._lock:
            return self._providers.default(package, version, needed_by)

    def log(self, severity: str, message: str, urn: str) -> None:
        self.messages.append((severity, message, urn))

    # What is done for one resource.

    def _refuse_duplicate(self, registration: Registration) -> None:
        with self._lock:
            first = self.registrations.setdefault(registration.urn, registration)
        if first is not registration:
            one, other = sorted((first.place, registration.place))  # the two may arrive in either order
            where = "" if registration.urn in (one, other) else f", made at {one} and again at {other}"
            raise ToolkitError(
                f"duplicate resource URN {registration.urn}{where}",
                next_step=f"give one of the two another name than {registration.name!r}",
            )

    def _claim(self, registration: Registration, old: ResourceState | None) -> None:
        """Refuses a second resource that says it is the same old one: by its URN, or by an alias."""
        with self._lock:
            for name in (registration.urn, *registration.aliases):
                if first := self._claimed.get(name):
                    raise ToolkitError(
                        f"duplicate resource alias: {first.title} at {first.place} and "
                        f"{registration.title} at {registration.place} both claim to be {name}",
                        next_step="remove the alias from one of them",
                    )
                if old is not None and name == old.urn:
                    self._claimed[name] = registration
                    return

    def _component(self, registration: Registration, old: ResourceState | None) -> Registered:
        operation: Operation = "create" if old is None else "same" if old.inputs == registration.inputs else "update"
        self._record(
            registration, operation, registration.to_state("", registration.inputs, old.outputs if old else {}), old
        )
        return Registered()

    def _custom(self, registration: Registration, old: ResourceState | None) -> Registered:
        imported = self._import(registration, old)
        old = imported or old
        if old is None:
            inputs = self.calls.check(registration, None, registration.inputs)
            gone = self.inventory.was_deleted_first(registration.urn, registration.aliases)
            return self._create(registration, inputs, "replace" if gone else "create")
        news = keep_ignored(registration.inputs, old.inputs, registration.ignore_changes)
        inputs = self.calls.check(registration, old.inputs, news)
        diff = self._diff(registration, old, inputs)
        if diff.replaces:
            return self._replace(registration, old, diff)
        if diff.changed:
            outputs = self.calls.update(registration, old, inputs)
            return self._record(registration, "update", registration.to_state(old.id, inputs, outputs), old)
        if imported:
            return Registered(id=imported.id, outputs=imported.outputs)
        # The program may have made a value secret that was none.
        outputs = mark_secrets(old.outputs, inputs, registration.additional_secret_outputs)
        return self._record(registration, "same", registration.to_state(old.id, inputs, outputs), old)

    def _create(self, registration: Registration, inputs: Properties, operation: Operation) -> Registered:
        created = self.calls.create(registration, inputs)
        id = UNKNOWN if self.preview else created.id
        return self._record(registration, operation, registration.to_state(id, inputs, created.outputs))

    def _import(self, registration: Registration, old: ResourceState | None) -> ResourceState | None:
        """Takes an existing resource over as it is; it takes the place of an older one, which is deleted at the end."""
        if not registration.import_id or (old and registration.import_id == (old.import_id or old.id)):
            return None
        imported = self.calls.take_over(registration)
        if old is not None:
            self.inventory.delete_later(old)
        self._record(registration, "import", imported)
        return imported

    def _diff(self, registration: Registration, old: ResourceState, inputs: Properties) -> Diff:
        trigger, before = reveal(registration.replacement_trigger), reveal(old.replacement_trigger)
        if trigger is not None and before is not None and trigger != before:
            return Diff(changed=["replacement_trigger"], replaces=["replacement_trigger"])
        if not self._replaced.isdisjoint(registration.replace_with):
            return Diff(changed=["replace_with"], replaces=["replace_with"])
        diff = self.calls.diff(registration, old, inputs)
        return replace(diff, replaces=[*diff.replaces, *_forced(registration, diff, old.inputs, inputs)])

    def _replace(self, registration: Registration, old: ResourceState, diff: Diff) -> Registered:
        """Creates the new resource and deletes the old one at the end; with delete-before-replace, first."""
        if old.protect and registration.protect:
            raise ToolkitError(
                f"{registration.title} is protected, "
                f"and its {', '.join(diff.replaces)} cannot change without replacing it",
                next_step=f"remove `protect` at {registration.place} if it may be replaced",
            )
        if registration.import_id:
            raise ToolkitError(
                f"{registration.title} is imported, and its {', '.join(diff.replaces)} cannot change "
                f"without replacing it",
                next_step=f"give it the inputs that it has, or remove `import_` at {registration.place}",
            )
        # Without the old inputs, so that autonaming picks a new name: for a while both resources exist.
        self._replaced.add(registration.urn)
        inputs = self.calls.check(registration, None, registration.inputs)
        option = registration.delete_before_replace
        if diff.delete_before_replace if option is None else option:
            self._delete_first(registration, old)
        else:
            self.inventory.delete_later(old)
        return self._create(registration, inputs, "replace")

    def _delete_first(self, registration: Registration, old: ResourceState) -> None:
        dependents = dependents_to_replace(old, self.inventory, self.calls)
        for state in dependents:
            if state.protect:
                raise ToolkitError(
                    f"{state.title} is protected, but would be replaced together with {registration.title}",
                    next_step="remove its `protect` if it may be replaced",
                )
        for state in (*reversed(dependents), old):
            self.calls.delete(state)
            self.inventory.remove(state)

    def _stack_reference(self, name: str) -> Properties:
        outputs = self._program.stack_outputs.get(name)
        if outputs is None:
            raise ToolkitError(
                f"the program reads the outputs of the stack {name!r}, which the offline engine does not have",
                next_step=f"give them to the plan: `--outputs {name}=FILE`",
            )
        secret = [key for key, value in outputs.items() if holds_secret(value)]
        return {"name": name, "outputs": outputs, "secretOutputNames": secret}

    def _get_resource(self, urn: str) -> Properties:
        state = self.inventory.done(urn)
        if state is None:
            raise ProviderError(f"unknown resource {urn}")
        return {"urn": urn, "id": "" if state.id == UNKNOWN else state.id, "state": state.outputs}

    def _record(
        self, registration: Registration, operation: Operation, state: ResourceState, old: ResourceState | None = None
    ) -> Registered:
        self.inventory.record(state, old)
        if is_cloud_resource(state):
            with self._lock:
                self.counts[operation] = self.counts.get(operation, 0) + 1
        return Registered(id=state.id, outputs=state.outputs)


def _forced(registration: Registration, diff: Diff, old: Properties, new: Properties) -> list[str]:
    """The changed inputs that `replace_on_changes` makes a reason to replace."""
    if not diff.changed:
        return []
    try:
        asked = [parse(path) for path in registration.replace_on_changes]
    except ValueError as error:
        raise ToolkitError(
            f"`replace_on_changes` of {registration.title}: {error}",
            next_step=f"correct it at {registration.place}",
        ) from None
    return [
        name
        for name in diff.changed
        if name not in diff.replaces
        and any(contains(outer, inner) for outer in asked for inner in details(name, old, new))
    ]
