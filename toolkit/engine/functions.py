"""Which architectural functions a plan holds, and which links: both are told by the inputs of its components."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from components.architecture import FUNCTIONS
from toolkit.engine import urns
from toolkit.engine.model import Function, Link
from toolkit.engine.registration import Registration

CLOUDS = {"aws": "aws", "azure-native": "azure", "gcp": "gcp"}
"""Pulumi package to cloud."""


def cloud_of(goals: Iterable[Registration]) -> str | None:
    """The cloud that most resources are of; `None` for a program that uses none."""
    packages = [CLOUDS[p] for goal in goals if goal.custom and (p := urns.package_of(goal.type)) in CLOUDS]
    return max(sorted(set(packages)), key=packages.count, default=None)


def function_of(goal: Registration, goals: Mapping[str, Registration]) -> str | None:
    """The function of a resource: its own component's, else that of the nearest one around it."""
    current: Registration | None = goal
    while current is not None:
        named = current.inputs.get("function")
        if not current.custom and isinstance(named, str):
            return named
        current = goals.get(current.parent)
    return None


def functions(goals: Mapping[str, Registration], cloud: str | None) -> list[Function]:
    """The functions that components name, in the order of the architecture."""
    named: dict[str, list[Registration]] = {}
    for goal in goals.values():
        if not goal.custom and isinstance(goal.inputs.get("function"), str):
            named.setdefault(goal.inputs["function"], []).append(goal)
    table = [*FUNCTIONS, *sorted(named)]
    return [_function(id, named[id], cloud) for id in sorted(named, key=table.index)]


def _function(id: str, components: Sequence[Registration], cloud: str | None) -> Function:
    engine = next((goal.inputs["engine"] for goal in components if "engine" in goal.inputs), None)
    known = FUNCTIONS.get(id)
    names = [goal.name for goal in components]
    if known is None:
        return Function(id=id, title=id, engine=engine, components=names)
    cell = known.cells[cloud] if cloud else None
    played = cell.engines.get(engine) if cell and engine else None
    lifecycle = _told(asdict(played.lifecycle)) if played else {}
    return Function(id=id, title=known.title, engine=engine, lifecycle=lifecycle, components=names)


def _told(lifecycle: dict[str, Any]) -> dict[str, Any]:
    """Only what is known, dates as ISO text."""
    return {key: str(value) for key, value in lifecycle.items() if value}


def links(goals: Iterable[Registration]) -> list[Link]:
    """Every link that a component declares, by name."""
    declared = [
        Link(source=goal.name, target=link["target"], access=link["access"])
        for goal in goals
        if not goal.custom
        for link in goal.inputs.get("links", ())
        if isinstance(link, dict) and {"target", "access"} <= link.keys()
    ]
    return sorted(declared, key=lambda link: (link.source, link.target, link.access))
