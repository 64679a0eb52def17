"""Every value of the plans goes to a property that the provider has, however deep: it refuses what it does not know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from planned import Planned, Plans

from toolkit.engine.sdk import InstalledSdk

SDK = InstalledSdk()


def unknown(value: Any, shape: Any, objects: Mapping[str, Mapping[str, Any]], path: str) -> Iterator[str]:
    """The properties below `value` that are not in the SDK's description of it."""
    match shape, value:
        case ["list", element], list():
            for number, one in enumerate(value):
                yield from unknown(one, element, objects, f"{path}[{number}]")
        case ["object", name], dict():
            yield from unknown_members(value, objects[name], objects, path)


def unknown_members(
    given: Mapping[str, Any], members: Mapping[str, Any], objects: Mapping[str, Mapping[str, Any]], path: str
) -> Iterator[str]:
    for key, value in given.items():
        if key not in members:
            yield f"{path}.{key}"
        else:
            yield from unknown(value, members[key], objects, f"{path}.{key}")


def unknown_of(stack: Planned) -> list[str]:
    found: list[str] = []
    for resource in stack.plan.resources:
        if resource.type.startswith("aws:"):
            described = SDK.resource(resource.type)
            inputs = stack.readable(resource.inputs)
            where = f"{resource.type} {resource.name}"
            found += unknown_members(inputs, described.members, described.objects, where)
    return found


@pytest.mark.parametrize("stack", ["prod", "dev", "baseline"])
def test_the_provider_knows_every_property(plans: Plans, stack: str) -> None:
    assert unknown_of(plans.of(stack)) == []


def test_a_property_of_another_name_is_found_however_deep() -> None:
    described = SDK.resource("aws:wafv2/webAcl:WebAcl")
    rule = {"statement": {"andStatement": {"statements": [{"notStatement": {"statements": []}}]}}}
    assert list(unknown_members({"rules": [rule]}, described.members, described.objects, "acl")) == [
        "acl.rules[0].statement.andStatement.statements[0].notStatement.statements"
    ]
