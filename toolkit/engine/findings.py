"""Findings: where a plan may differ from a deployment, found by comparing runs of the same program."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from toolkit.engine.model import Finding, FindingKind
from toolkit.engine.reconcile import STACK_REFERENCE, Reconciler
from toolkit.engine.references import holds_fragment, literals, references, symbolic
from toolkit.engine.registration import Registration
from toolkit.engine.state import ResourceState
from toolkit.engine.symbolic import SymbolicProvider

_SEVERITIES_TO_SKIP = ("debug", "info")
MINIMUM_ECHO = 3
"""A shorter literal, in characters, is no sign of where it came from, unless it stands beside a reference."""


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

    @cached_property
    def awaited(self) -> Mapping[str, set[str]]:
        """URNs of the resources after which each data source was read, by its `invoke:` id."""
        found: dict[str, set[str]] = {}
        for token, args, after in self.reconciler.invokes:
            found.setdefault(f"invoke:{self.provider.invoke_id(token, args)}", set()).update(after)
        return found


def findings(first: Recording, second: Recording, preview: Recording) -> list[Finding]:
    """Compares two symbolic runs with different seeds (or one with itself), and a run in which outputs are unknown."""
    found: list[Finding] = []
    for urn, registration in first.reconciler.registrations.items():
        if urn not in preview.reconciler.registrations:
            found.append(_inside_apply(registration))
        if urn in second.inputs:
            found += _lossy(registration, first, second, preview)
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


def _lossy(registration: Registration, first: Recording, second: Recording, preview: Recording) -> Iterator[Finding]:
    """Properties whose value was computed from something unknown, so that the reference to it is lost."""
    others, previewed = second.inputs[registration.urn], preview.inputs.get(registration.urn, {})
    for name, value in first.inputs[registration.urn].items():
        dependencies = registration.property_dependencies.get(name, ())
        untraced = [urn for urn in dependencies if not _traced(urn, value, first)]
        if value == previewed.get(name):  # known before anything is deployed
            untraced = [urn for urn in untraced if _is_read(urn, first)]
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


def _is_read(urn: str, run: Recording) -> bool:
    """Whether a cloud would be asked for the resource; placeholders stand for it even where a preview knows it."""
    state = run.states.get(urn)
    return state is not None and state.external and state.type != STACK_REFERENCE


def _traced(urn: str, value: Any, run: Recording) -> bool:
    """Whether a value shows that it depends on a resource: by a reference, or by repeating one of its known outputs."""
    shown = [value, *_invoke_arguments(value, run)]
    subjects = set(references(shown))
    read = any(urn in run.awaited.get(subject, ()) for subject in subjects)
    state = run.states.get(urn)
    if urn in subjects or read or (state and state.id == value):
        return True
    known = [*literals(run.outputs.get(urn, {})), *([state.id] if state else [])]
    return any(_repeats(text, item, anything=bool(subjects)) for text in literals(shown) for item in known)


def _repeats(text: Any, item: Any, *, anything: bool) -> bool:
    """Whether a literal is, or holds, a known output: a distinctive one, or with `anything` also a short one or a flag.

    A short one must be the only word of its literal: the `:80` after a reference, but no digit in a longer text.
    """
    if item is None or item == "":
        return False
    if not isinstance(item, bool) and len(str(item)) >= MINIMUM_ECHO:
        return bool(text == item) or (isinstance(text, str) and str(item) in text)
    if not anything:
        return False
    if isinstance(text, str) and not isinstance(item, bool):
        return re.fullmatch(rf"\W*{re.escape(str(item))}\W*", text) is not None
    return type(text) is type(item) and bool(text == item)


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
