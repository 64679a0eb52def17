"""Makes a plan: runs the program with traceable placeholders and with unknowns, and compares."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from toolkit.engine import urns
from toolkit.engine.architecture import cloud_of, function_of, functions, links
from toolkit.engine.describing import RemoteSdk
from toolkit.engine.findings import Recording, findings
from toolkit.engine.model import Invoke, Plan, Resource
from toolkit.engine.process import run
from toolkit.engine.program import Program
from toolkit.engine.reconcile import Reconciler
from toolkit.engine.registration import Registration
from toolkit.engine.state import State
from toolkit.engine.symbolic import SymbolicProvider


def plan(program: Program, *, thorough: bool = False) -> Plan:
    """What the program would deploy, without a cloud.

    A `thorough` plan runs the program once more with other placeholders. That finds values which show where they come
    from and yet hold something computed from it, such as `f"{arn}-{sha256(arn)}"`; it takes half as long again.

    Raises:
        ToolkitError: the program raised (the message names its file and line), made the same URN twice, or uses a
            resource type that does not exist.
    """
    started = time.monotonic()
    sdk = RemoteSdk()
    first = _recording(program, "a", sdk)
    second = _recording(program, "b", sdk) if thorough else first
    previewed = Reconciler(program, SymbolicProvider("a", sdk), State(), preview=True)
    runs = [first.reconciler, previewed, second.reconciler]
    run(program, runs if thorough else runs[:2], sdk)
    goals = in_order(first.reconciler.registrations)
    cloud = cloud_of(goals.values())
    return Plan(
        project=program.project,
        stack=program.stack,
        cloud=cloud,
        functions=functions(goals.values(), cloud),
        resources=[_resource(goal, first) for goal in goals.values()],
        links=links(goals.values()),
        invokes=_invokes(first.provider),
        findings=findings(first, second, previewed),
        outputs=_stack_outputs(first),
        seconds=round(time.monotonic() - started, 3),
    )


def preview(program: Program, sdk: RemoteSdk | None = None) -> list[Resource]:
    """The resources as a real preview shows them: what only a cloud can know is unknown.

    A given `sdk` knows the program's types afterwards.

    Raises:
        ToolkitError: as `plan`.
    """
    sdk = sdk or RemoteSdk()
    provider = SymbolicProvider("a", sdk)
    recording = Recording(Reconciler(program, provider, State(), preview=True), provider)
    run(program, [recording.reconciler], sdk)
    return [_resource(goal, recording) for goal in in_order(recording.reconciler.registrations).values()]


def in_order(goals: Mapping[str, Registration]) -> dict[str, Registration]:
    """Registrations with what they need before them, and otherwise by URN: the same order in every run."""
    ordered: dict[str, Registration] = {}

    def visit(urn: str) -> None:
        goal = goals.get(urn)
        if goal is None or urn in ordered:
            return
        for needed in (goal.parent, urns.provider_urn(goal.provider), *goal.dependencies):
            visit(needed)
        ordered[urn] = goal

    for urn in sorted(goals):
        visit(urn)
    return ordered


def _recording(program: Program, seed: str, sdk: RemoteSdk) -> Recording:
    provider = SymbolicProvider(seed, sdk)
    return Recording(Reconciler(program, provider, State()), provider)


def _resource(goal: Registration, recording: Recording) -> Resource:
    state = recording.states[goal.urn]
    return Resource(
        urn=goal.urn,
        type=goal.type,
        name=goal.name,
        parent=goal.parent or None,
        custom=goal.custom,
        inputs=recording.inputs[goal.urn],
        dependencies=goal.dependencies,
        property_dependencies=goal.property_dependencies,
        provider=urns.provider_urn(goal.provider) or None,
        protect=bool(goal.protect),
        aliases=goal.aliases,
        ignore_changes=goal.ignore_changes,
        replace_on_changes=goal.replace_on_changes,
        additional_secret_outputs=goal.additional_secret_outputs,
        delete_before_replace=goal.delete_before_replace,
        retain_on_delete=bool(goal.retain_on_delete),
        external=state.external,
        id=state.id if state.external else goal.import_id or None,
        function=function_of(goal, recording.reconciler.registrations),
        source=goal.source or None,
    )


def _invokes(provider: SymbolicProvider) -> list[Invoke]:
    return [Invoke(id=id, token=token, args=args) for id, (token, args) in sorted(provider.invokes.items())]


def _stack_outputs(recording: Recording) -> dict[str, Any]:
    stack = next((state for state in recording.states.values() if state.type == urns.STACK_TYPE), None)
    return recording.outputs[stack.urn] if stack else {}
