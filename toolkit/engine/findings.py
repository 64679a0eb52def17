"""What a plan cannot vouch for, found by comparing runs of the same program."""

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

_ENGINE_NOISE = ("debug", "info")
MIN_ECHO = 3
"""A literal shorter than this says nothing of where it came from."""


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
    for urn, goal in first.reconciler.registrations.items():
        if urn not in preview.registrations:
            found.append(_inside_apply(goal))
        if urn in second.inputs:
            found += _lossy(goal, first, second)
        else:
            found.append(_not_repeated(goal))
    missing = [goal for urn, goal in second.reconciler.registrations.items() if urn not in first.inputs]
    found += [_not_repeated(goal) for goal in missing]
    found += _warnings(first.reconciler)
    return found


def _inside_apply(goal: Registration) -> Finding:
    return Finding(
        kind="created-inside-apply",
        message=f"{goal.title} is made inside an `apply`: no preview can show it",
        urn=goal.urn,
        source=goal.source or None,
    )


def _not_repeated(goal: Registration) -> Finding:
    return Finding(
        kind="not-repeatable",
        message=f"{goal.title} is not made in every run: its existence or its name is computed from unknown values",
        urn=goal.urn,
        source=goal.source or None,
    )


def _lossy(goal: Registration, first: Recording, second: Recording) -> Iterator[Finding]:
    """Properties whose value was computed from something unknown in a way that no reference survives."""
    others = second.inputs[goal.urn]
    for name, value in first.inputs[goal.urn].items():
        dependencies = goal.property_dependencies.get(name, ())
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
            message=f"{name} of {goal.title} {why}",
            urn=goal.urn,
            property=name,
            source=goal.source or None,
        )


def _traced(urn: str, value: Any, run: Recording) -> bool:
    """Whether a value shows what it owes to a resource: by reference, or by repeating what was known of it."""
    shown = [value, *_asked(value, run)]
    if urn in references(shown):
        return True
    repeated = {item for item in literals(run.outputs.get(urn, {})) if _telling(item)}
    texts = [item for item in literals(shown) if _telling(item)]
    return any(text == item or (isinstance(text, str) and str(item) in text) for text in texts for item in repeated)


def _telling(item: Any) -> bool:
    return not isinstance(item, bool) and item is not None and len(str(item)) >= MIN_ECHO


def _asked(value: Any, run: Recording) -> Iterator[Any]:
    """The arguments of the data sources that a value refers to: what they depend on, it depends on."""
    for subject in references(value):
        if subject.startswith("invoke:"):
            _, args = run.provider.invokes[subject.removeprefix("invoke:")]
            yield args
            yield from _asked(args, run)


def _warnings(run: Reconciler) -> Iterator[Finding]:
    for severity, message, urn in run.messages:
        if severity not in _ENGINE_NOISE:
            yield Finding(kind="warning", message=message.strip(), urn=urn or None)
