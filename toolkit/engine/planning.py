"""Makes a plan: runs the program with placeholders and with unknown values, and compares the two."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from toolkit.engine import urns
from toolkit.engine.architecture import cloud_of, function_of, functions, links
from toolkit.engine.assets import AssetUnreadable
from toolkit.engine.describing import RemoteSdk
from toolkit.engine.findings import Recording, findings
from toolkit.engine.model import Invoke, Plan, Resource
from toolkit.engine.process import ProgramProcess
from toolkit.engine.program import Program
from toolkit.engine.reconcile import Reconciler
from toolkit.engine.registration import Registration
from toolkit.engine.running import FilesInTheWay, run
from toolkit.engine.state import State
from toolkit.engine.symbolic import SymbolicProvider


def plan(program: Program, *, thorough: bool = False, processes: Sequence[ProgramProcess] = ()) -> Plan:
    """Plans what the program would deploy, without a cloud.

    A `thorough` plan runs the program once more with other placeholders. That finds values that show their origin and
    also hold something computed from it, such as `f"{arn}-{sha256(arn)}"`.

    The runs are made side by side. Where one fails over files, the program may write some, and the runs take them from
    each other: then all are repeated, once, one after the other.

    A caller that has started the program's first two processes already, to save time, gives them as `processes`.

    Raises:
        ToolkitError: the program raised (the message names its file and line), made the same URN twice, or uses a
            resource type that does not exist.
    """
    started = time.monotonic()
    try:
        first, previewed, second = _runs(program, thorough=thorough, processes=processes)
    except (FilesInTheWay, AssetUnreadable):
        first, previewed, second = _runs(program, thorough=thorough, in_turn=True)
    registrations = in_order(first.reconciler.registrations)
    cloud = cloud_of(registrations.values())
    return Plan(
        project=program.project,
        stack=program.stack,
        cloud=cloud,
        functions=functions(registrations.values(), cloud),
        resources=[_resource(registration, first) for registration in registrations.values()],
        links=links(registrations.values()),
        invokes=_invokes(first.provider),
        findings=findings(first, second, previewed),
        outputs=_stack_outputs(first),
        seconds=round(time.monotonic() - started, 3),
    )


def preview(program: Program, sdk: RemoteSdk | None = None) -> list[Resource]:
    """The resources as a real preview shows them: values that only a cloud can know are unknown.

    Afterwards a given `sdk` remembers the types that the program uses.

    Raises:
        ToolkitError: as `plan`.
    """
    sdk = sdk or RemoteSdk()
    recording = _recording(program, "a", sdk, preview=True)
    run(program, [recording.reconciler], [sdk])
    return [
        _resource(registration, recording) for registration in in_order(recording.reconciler.registrations).values()
    ]


def in_order(registrations: Mapping[str, Registration]) -> dict[str, Registration]:
    """Registrations in dependency order, and by URN where that leaves a choice: the same order in every run."""
    ordered: dict[str, Registration] = {}

    def visit(urn: str) -> None:
        registration = registrations.get(urn)
        if registration is None or urn in ordered:
            return
        for needed in (registration.parent, urns.provider_urn(registration.provider), *registration.dependencies):
            visit(needed)
        ordered[urn] = registration

    for urn in sorted(registrations):
        visit(urn)
    return ordered


def _runs(
    program: Program, *, thorough: bool, processes: Sequence[ProgramProcess] = (), in_turn: bool = False
) -> tuple[Recording, Recording, Recording]:
    """Recordings with placeholders, with unknown values, and with other placeholders: the first again if not thorough.

    They are made side by side, or `in_turn`.
    """
    sdks = [RemoteSdk() for _ in range(3 if thorough else 2)]
    first = _recording(program, "a", sdks[0])
    previewed = _recording(program, "c", sdks[1], preview=True)
    second = _recording(program, "b", sdks[2]) if thorough else first
    hosts = [first.reconciler, previewed.reconciler, second.reconciler][: len(sdks)]
    if in_turn:
        for host, sdk in zip(hosts, sdks, strict=True):
            run(program, [host], [sdk])
    else:
        run(program, hosts, sdks, processes)
    return first, previewed, second


def _recording(program: Program, seed: str, sdk: RemoteSdk, *, preview: bool = False) -> Recording:
    provider = SymbolicProvider(seed, sdk)
    return Recording(Reconciler(program, provider, State(), preview=preview), provider)


def _resource(registration: Registration, recording: Recording) -> Resource:
    state = recording.states[registration.urn]
    return Resource(
        urn=registration.urn,
        type=registration.type,
        name=registration.name,
        parent=registration.parent or None,
        custom=registration.custom,
        inputs=recording.inputs[registration.urn],
        dependencies=registration.dependencies,
        property_dependencies=registration.property_dependencies,
        provider=urns.provider_urn(registration.provider) or None,
        protect=bool(registration.protect),
        aliases=registration.aliases,
        ignore_changes=registration.ignore_changes,
        replace_on_changes=registration.replace_on_changes,
        additional_secret_outputs=registration.additional_secret_outputs,
        delete_before_replace=registration.delete_before_replace,
        retain_on_delete=bool(registration.retain_on_delete),
        external=state.external,
        id=state.id if state.external else registration.import_id or None,
        function=function_of(registration, recording.reconciler.registrations),
        source=registration.source or None,
    )


def _invokes(provider: SymbolicProvider) -> list[Invoke]:
    return [Invoke(id=id, token=token, args=args) for id, (token, args) in sorted(provider.invokes.items())]


def _stack_outputs(recording: Recording) -> dict[str, Any]:
    stack = next((state for state in recording.states.values() if state.type == urns.STACK_TYPE), None)
    return recording.outputs[stack.urn] if stack else {}
