"""What a deployment made, counted: cloud resources, components, and what this machine only records."""

from __future__ import annotations

from collections import Counter
from typing import Any

from toolkit.engine.counting import is_cloud_resource
from toolkit.local.cloud.provider import is_emulated
from toolkit.local.deployers.deployer import Deployed
from toolkit.local.state.run import Component, Resources


def counted(deployed: Deployed) -> Resources:
    """How many cloud resources there are, how many of them are emulated, and what the deployment did."""
    types = Counter(resource.type for resource in deployed.resources if is_cloud_resource(resource))
    emulated = sum(count for type, count in types.items() if is_emulated(type))
    return Resources(total=types.total(), emulated=emulated, recorded=types.total() - emulated, **deployed.changes)


def not_emulated(deployed: Deployed) -> dict[str, int]:
    """Recorded types and how many there are of each."""
    types = Counter(resource.type for resource in deployed.resources if is_cloud_resource(resource))
    return {type: count for type, count in sorted(types.items()) if not is_emulated(type)}


def components(deployed: Deployed) -> tuple[Component, ...]:
    """The components in the order of the program, each with the resources that have it as their nearest ancestor."""
    known = {resource.urn: resource for resource in deployed.resources}
    emulated: Counter[str] = Counter()
    recorded: Counter[str] = Counter()
    for resource in deployed.resources:
        if is_cloud_resource(resource):
            owner = known.get(resource.parent)
            while owner is not None and owner.custom:
                owner = known.get(owner.parent)
            if owner is not None:
                (emulated if is_emulated(resource.type) else recorded)[owner.urn] += 1
    return tuple(
        Component(
            name=resource.name,
            engine=_text(resource.inputs.get("engine")),
            emulated=emulated[resource.urn],
            recorded=recorded[resource.urn],
        )
        for resource in deployed.resources
        if emulated[resource.urn] + recorded[resource.urn]
    )


def _text(value: Any) -> str | None:
    """The value if it is a text. A component may have a property of this name that means something else."""
    return value if isinstance(value, str) else None
