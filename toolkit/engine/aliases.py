"""The URNs that a resource had before it was renamed or moved."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pulumi.runtime.proto import alias_pb2

from toolkit.engine import urns


def alias_urns(
    urn: str,
    parent: str,
    specs: Iterable[alias_pb2.Alias],
    older: Callable[[str], Iterable[str]],
) -> tuple[str, ...]:
    """Every earlier URN of a resource: from its own aliases first, then from those of its parent.

    `older` returns the earlier URNs of a resource that is registered already.
    """
    own = [old for spec in specs for old in _alias_to_urns(spec, urn, parent, older)]
    implied = [_with_parent(child, parent, old) for old in older(parent) for child in (urn, *own)] if parent else []
    return tuple(dict.fromkeys([*own, *implied]))


def _alias_to_urns(
    alias: alias_pb2.Alias, urn: str, parent: str, older: Callable[[str], Iterable[str]]
) -> Iterable[str]:
    """The URNs that one alias means. What it leaves out is taken from the resource as it is now."""
    if alias.urn:
        return [alias.urn]
    spec = alias.spec
    stack, project = urns.stack_and_project(urn)
    if spec.noParent:
        parents = [""]
    elif spec.parentUrn:
        parents = [*older(spec.parentUrn), spec.parentUrn]
    else:
        parents = [parent]
    return [
        urns.make(
            spec.stack or stack,
            spec.project or project,
            old_parent,
            spec.type or urns.type_of(urn),
            spec.name or urns.name_of(urn),
        )
        for old_parent in parents
    ]


def _with_parent(child: str, parent: str, old_parent: str) -> str:
    """The child's URN under its parent's old URN.

    A child named after its parent (`orders-cluster` in `orders`) is taken to have been named after the old name too.
    """
    name, parent_name = urns.name_of(child), urns.name_of(parent)
    if name.startswith(parent_name):
        name = urns.name_of(old_parent) + name[len(parent_name) :]
    return urns.make(*urns.stack_and_project(child), old_parent, urns.type_of(child), name)
