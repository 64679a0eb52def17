"""Finds what else must be replaced when a resource is deleted before its replacement exists."""

from __future__ import annotations

from toolkit.engine import urns
from toolkit.engine.calls import ProviderCalls
from toolkit.engine.inventory import Inventory
from toolkit.engine.provider import UNKNOWN, Properties
from toolkit.engine.state import ResourceState


def dependents_to_replace(root: ResourceState, inventory: Inventory, calls: ProviderCalls) -> list[ResourceState]:
    """Resources that cannot outlive `root`, in dependency order.

    Each dependent is compared as if every property that comes from a replaced resource were unknown. If that forces
    its replacement, it is replaced too. A plain `depends_on` alone replaces nothing, `replace_with` always does. This
    is the real engine's rule.
    """
    replaced = {root.urn: root}
    for state in inventory.after(root):
        if state.custom and not state.external and _must_be_replaced(state, replaced, calls):
            replaced[state.urn] = state
    return [state for state in replaced.values() if state is not root]


def _must_be_replaced(state: ResourceState, replaced: dict[str, ResourceState], calls: ProviderCalls) -> bool:
    if urns.provider_urn(state.provider) in replaced or not replaced.keys().isdisjoint(state.replace_with):
        return True
    inputs: Properties = {
        key: UNKNOWN if replaced.keys() & set(state.property_dependencies.get(key, ())) else value
        for key, value in state.inputs.items()
    }
    return inputs != state.inputs and bool(calls.diff(state, state, inputs).replaces)
