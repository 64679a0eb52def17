"""What else has to be replaced when a resource is deleted before its successor exists."""

from __future__ import annotations

from toolkit.engine import urns
from toolkit.engine.calls import ProviderCalls
from toolkit.engine.inventory import Inventory
from toolkit.engine.provider import UNKNOWN, Properties
from toolkit.engine.state import ResourceState


def dependents_to_replace(root: ResourceState, inventory: Inventory, calls: ProviderCalls) -> list[ResourceState]:
    """Resources that cannot outlive `root`, in dependency order.

    Each dependent is diffed with every property that comes from a doomed resource unknown: when that alone forces
    its replacement, it is doomed too. A plain `depends_on` dooms nobody. This is the real engine's rule.
    """
    doomed = {root.urn: root}
    for state in inventory.after(root):
        if state.custom and not state.external and _cannot_stay(state, doomed, calls):
            doomed[state.urn] = state
    return [state for state in doomed.values() if state is not root]


def _cannot_stay(state: ResourceState, doomed: dict[str, ResourceState], calls: ProviderCalls) -> bool:
    if urns.provider_urn(state.provider) in doomed:
        return True
    inputs: Properties = {
        key: UNKNOWN if doomed.keys() & set(state.property_dependencies.get(key, ())) else value
        for key, value in state.inputs.items()
    }
    return inputs != state.inputs and bool(calls.diff(state, state, inputs).replaces)
