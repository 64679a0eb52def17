"""Computed outputs in the form that the SDK's own output classes declare."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from toolkit.engine.provider import Properties
from toolkit.engine.sdk import Description, Sdk, Shape
from toolkit.errors import ToolkitError
from toolkit.local.cloud.provider.emulator import ACCOUNT

MAXIMUM_DEPTH = 4


def plausible(sdk: Sdk, type: str, id: str, arn: str, name: str, region: str) -> Properties:  # noqa: PLR0917
    """A value for every output that the type always has; the caller puts over them what it knows better.

    Empty for a type that no installed SDK has.
    """
    shared: Properties = {
        "accountId": ACCOUNT,
        "arn": arn,
        "awsAccountId": ACCOUNT,
        "name": name,
        "ownerId": ACCOUNT,
        "region": region,
        "registryId": ACCOUNT,
        "tagsAll": {},
    }
    try:
        description = sdk.resource(type)
    except ToolkitError:
        return {}
    values = _Values(description, id, arn)
    return {
        output: shared[output] if output in shared else values.of(shape, output)
        for output, shape in description.members.items()
        if output in description.certain
    }


class _Values:
    """Values for the shapes of one resource."""

    def __init__(self, description: Description, id: str, arn: str) -> None:
        self._objects = description.objects
        self._id = id
        self._arn = arn

    def of(self, shape: Shape, property: str, depth: int = 0) -> Any:  # noqa: PLR0911 - one for each shape
        match shape:
            case ["object", name]:
                return self._members(self._objects[name], depth)
            case ["list", ["object", _] as element]:
                return [self.of(element, property, depth + 1)]
            case ["list", _]:
                return []
            case ["enum", values]:
                return values[0]
            case "map":
                return {}
            case "flag":
                return False
            case "number":
                return 0
        return _text(property, self._id, self._arn)

    def _members(self, members: Mapping[str, Shape], depth: int) -> Properties:
        if depth >= MAXIMUM_DEPTH:
            return {}
        return {member: self.of(inner, member, depth + 1) for member, inner in members.items()}


def _text(property: str, id: str, arn: str) -> str:
    lowered = property.lower()
    if lowered.endswith("arn"):
        return arn
    suffix = hashlib.sha256(f"{id}/{property}".encode()).hexdigest()[:12]
    if lowered.endswith(("dnsname", "domainname", "endpoint", "url")):
        return f"{suffix}.{property.lower()}.amazonaws.com"
    if lowered.endswith(("date", "time", "lastmodified")):
        return "2026-01-01T00:00:00Z"
    return f"{property}-{suffix}"
