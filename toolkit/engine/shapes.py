"""Fills in the outputs of a resource, or the result of a data source, by the shape that its SDK describes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from toolkit.engine.provider import Properties
from toolkit.engine.sdk import Description, InstalledSdk, Sdk, Shape

Path = tuple[str | int, ...]

MAX_DEPTH: Final = 4
"""Levels of objects and lists to fill in below what a program gives."""


class Leaves(Protocol):
    """The values to fill in where the SDK says only `str` or `int`."""

    def text(self, path: Path) -> str: ...

    def number(self, path: Path) -> int: ...

    def flag(self, path: Path) -> bool: ...

    def choice(self, path: Path, values: Sequence[Any]) -> Any:
        """One of an enumeration's values."""
        ...

    def length(self, path: Path) -> int:
        """How many elements a list has."""
        ...


def outputs(type: str, inputs: Properties, leaves: Leaves, sdk: Sdk | None = None) -> Properties:
    """All output properties of a resource: its inputs as given, and the computed ones from `leaves`.

    Raises:
        ToolkitError: no installed SDK has such a resource type.
    """
    description = (sdk or InstalledSdk()).resource(type)
    return inputs | _Filler(description, leaves).members(description.members, inputs, (), 0)


def result(token: str, args: Mapping[str, Any], leaves: Leaves, sdk: Sdk | None = None) -> Properties:
    """The result of a data source: its arguments as given, and the rest from `leaves`.

    Raises:
        ToolkitError: no installed SDK has such a data source.
    """
    description = (sdk or InstalledSdk()).data_source(token)
    return _Filler(description, leaves).members(description.members, args, (), 0)


def takes_optional(type: str, name: str, sdk: Sdk | None = None) -> bool:
    """Whether a resource has an input of this name that may be left out.

    Raises:
        ToolkitError: no installed SDK has such a resource type.
    """
    return name in (sdk or InstalledSdk()).resource(type).optional


class _Filler:
    def __init__(self, description: Description, leaves: Leaves) -> None:
        self._objects = description.objects
        self._leaves = leaves

    def members(self, shapes: Mapping[str, Shape], given: Mapping[str, Any], path: Path, depth: int) -> Properties:
        """Each member as given, completed, or else computed: the SDK would silently read a missing one as None."""
        filled: Properties = {}
        for name, shape in shapes.items():
            where = (*path, name)
            if given.get(name) is not None:
                filled[name] = self._complete(given[name], shape, where, depth + 1)
            else:
                computed = self._compute(shape, where, depth + 1)
                if computed is not None:
                    filled[name] = computed
        return filled

    def _complete(self, value: Any, shape: Shape, path: Path, depth: int) -> Any:
        match shape:
            case ["list", element] if isinstance(value, list):
                return [self._complete(item, element, (*path, i), depth + 1) for i, item in enumerate(value)]
            case ["object", name] if isinstance(value, dict):
                return value | self.members(self._objects[name], value, path, depth)
        return value

    def _compute(self, shape: Shape, path: Path, depth: int) -> Any:  # noqa: PLR0911 - one return for each shape
        match shape:
            case "text":
                return self._leaves.text(path)
            case "number":
                return self._leaves.number(path)
            case "flag":
                return self._leaves.flag(path)
            case "map":
                return {}
            case ["enum", values]:
                return self._leaves.choice(path, values)
            case ["list", element]:
                items = [self._compute(element, (*path, i), depth + 1) for i in range(self._leaves.length(path))]
                return [item for item in items if item is not None]
            case ["object", name] if depth <= MAX_DEPTH:
                return self.members(self._objects[name], {}, path, depth)
        return None
