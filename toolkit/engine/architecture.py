"""The plan in the terms of the architecture: its cloud, its functions and its links, read from component inputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from components.architecture import FUNCTIONS
from components.clouds import CLOUDS
from toolkit.engine import urns
from toolkit.engine.model import Function, Link, Resource
from toolkit.engine.registration import Registration


def cloud_of(registrations: Iterable[Registration]) -> str | None:
    """Id of the cloud that most resources belong to; `None` for a program that uses none."""
    by_package = {entry.package: id for id, entry in CLOUDS.items()}
    used = [urns.package_of(registration.type) for registration in registrations if registration.custom]
    clouds = [by_package[package] for package in used if package in by_package]
    return max(sorted(set(clouds)), key=clouds.count, default=None)


def function_of(registration: Registration, registrations: Mapping[str, Registration]) -> str | None:
    """Id of the function a resource belongs to: that of the nearest component around it that names one."""
    current: Registration | None = registration
    while current is not None:
        named = current.inputs.get("function")
        if not current.custom and isinstance(named, str):
            return named
        current = registrations.get(current.parent)
    return None


def functions(registrations: Iterable[Registration], cloud: str | None) -> list[Function]:
    """The functions that components name, in the order of the architecture."""
    components: dict[str, list[Registration]] = {}
    for registration in registrations:
        if not registration.custom and isinstance(registration.inputs.get("function"), str):
            components.setdefault(registration.inputs["function"], []).append(registration)
    order = [*FUNCTIONS, *sorted(components)]
    return [_function(id, components[id], cloud) for id in sorted(components, key=order.index)]


def _function(id: str, components: Sequence[Registration], cloud: str | None) -> Function:
    engines = [component.inputs.get("engine") for component in components]
    engine = next((engine for engine in engines if isinstance(engine, str)), None)
    names = [component.name for component in components]
    row = FUNCTIONS.get(id)
    if row is None:
        return Function(id=id, title=id, engine=engine, components=names)
    cell = row.cells[cloud] if cloud else None
    deployed = cell.engines.get(engine) if cell and engine else None
    lifecycle = _without_empty(asdict(deployed.lifecycle)) if deployed else {}
    return Function(id=id, title=row.title, engine=engine, lifecycle=lifecycle, components=names)


def _without_empty(lifecycle: Mapping[str, Any]) -> dict[str, str]:
    """The fields that have a value, as text; dates in ISO form."""
    return {key: str(value) for key, value in lifecycle.items() if value}


def links(components: Iterable[Registration | Resource]) -> list[Link]:
    """Every link that a component declares, by name."""
    declared = [
        Link(source=component.name, target=link["target"], access=link["access"])
        for component in components
        if not component.custom
        for link in _list(component.inputs.get("links"))
        if isinstance(link, dict) and isinstance(link.get("target"), str) and isinstance(link.get("access"), str)
    ]
    return sorted(declared, key=lambda link: (link.source, link.target, link.access))


def _list(value: Any) -> list[Any]:
    """The value if it is a list. A component may have a property of this name that means something else."""
    return value if isinstance(value, list) else []
