"""Findings: where a plan may differ from a deployment, found by comparing runs of the same program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from toolkit.engine.model import Finding, FindingKind
from toolkit.engine.reconcile import Reconciler
from toolkit.engine.references import holds_fragment, literals, references, symbolic
from toolkit.engine.registration import Registration
from toolkit.engine.state import ResourceState
from toolkit.engine.symbolic import SymbolicProvider

_SEVERITIES_TO_SKIP = ("debug", "info")
MINIMUM_ECHO = 3
"""A shorter literal, in characters, is no sign of where it came from."""


@dataclass(frozen=True)
class Recording:
    """One symbolic run."""

    reconciler: Reconciler
    provider: SymbolicProvider

    @cached_property
    def states(self) -> Mapping[str, ResourceState]:
        return {state.urn: state for state in self.reconciler.inventory.everything()}

    @cached_property
    def inputs(self) -> Mapping[str, dict[str, Any]]:
        """Symbolic inputs of every resource, by URN."""
        return {urn: symbolic(state.inputs, self.provider.tokens) for urn, state in self.states.items()}

    @cached_property
    def outputs(self) -> Mapping[str, dict[str, Any]]:
        return {urn: symbolic(state.outputs, self.provider.tokens) for urn, state in self.states.items()}


def findings(first: Recording, second: Recording, preview: Reconciler) -> list[Finding]:
    """Compares two symbolic runs with different seeds (or one with itself), and a run in which outputs are unknown."""
    found: list[Finding] = []
    for urn, registration in first.reconciler.registrations.items():
        if urn not in preview.registrations:
            found.append(_inside_apply(registration))
        if urn in second.inputs:
            found += _lossy(registration, first, second)
        else:
            found.append(_not_repeated(registration))
    missing = [registration for urn, registration in second.reconciler.registrations.items() if urn not in first.inputs]
    found += [_not_repeated(registration) for registration in missing]
    found += _warnings(first.reconciler)
    return found


def _inside_apply(registration: Registration) -> Finding:
    return Finding(
        kind="created-inside-apply",
        message=f"{registration.title} is created inside an `apply`: no preview can show it",
        urn=registration.urn,
        source=registration.source or None,
    )


def _not_repeated(registration: Registration) -> Finding:
    return Finding(
        kind="not-repeatable",
        message=f"{registration.title} is not created in every run: its existence or name depends on unknown values",
        urn=registration.urn,
        source=registration.source or None,
    )


def _lossy(registration: Registration, first: Recording, second: Recording) -> Iterator[Finding]:
    """Properties whose value was computed from something unknown, so that the reference to it is lost."""
    others = second.inputs[registration.urn]
    for name, value in first.inputs[registration.urn].items():
        dependencies = registration.property_dependencies.get(name, ())
        untraced = [urn for urn in dependencies if not _traced(urn, value, first)]
        if value == others.get(name) and not untraced and not holds_fragment(value):
            continue
        kind: FindingKind
        if not dependencies:
            kind, why = "not-repeatable", "differs from run to run"
        else:
            origins = ", ".join(urn.split("::")[-1] for urn in untraced or dependencies)
            kind, why = "lossy-value", f"is computed from {origins} in a way that cannot be traced"
        yield Finding(
            kind=kind,
            message=f"{name} of {registration.title} {why}",
            urn=registration.urn,
            property=name,
            source=registration.source or None,
        )


def _traced(urn: str, value: Any, run: Recording) -> bool:
    """Whether a value shows that it depends on a resource: by a reference, or by repeating one of its known outputs."""
    shown = [value, *_invoke_arguments(value, run)]
    if urn in references(shown):
        return True
    repeated = {item for item in literals(run.outputs.get(urn, {})) if _is_distinctive(item)}
    texts = [item for item in literals(shown) if _is_distinctive(item)]
    return any(text == item or (isinstance(text, str) and str(item) in text) for text in texts for item in repeated)


def _is_distinctive(item: Any) -> bool:
    return not isinstance(item, bool) and item is not None and len(str(item)) >= MINIMUM_ECHO


def _invoke_arguments(value: Any, run: Recording) -> Iterator[Any]:
    """Arguments of the data sources that a value refers to: it depends on whatever they depend on."""
    for subject in references(value):
        if subject.startswith("invoke:"):
            _, args = run.provider.invokes[subject.removeprefix("invoke:")]
            yield args
            yield from _invoke_arguments(args, run)


def _warnings(run: Reconciler) -> Iterator[Finding]:
    for severity, message, urn in run.messages:
        if severity not in _SEVERITIES_TO_SKIP:
            yield Finding(kind="warning", message=message.strip(), urn=urn or None)
