"""The shape of a resource's outputs and of a data source's result, read from the SDK's own classes.

Nothing here knows a cloud: `pulumi_<package>` must be installed, and its type annotations say the rest.
"""

from __future__ import annotations

import enum
import importlib
import inspect
import re
import threading
import typing
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final, Protocol

from pulumi import _types
from pulumi.runtime import rpc

from toolkit.engine.provider import Asset, Properties
from toolkit.errors import ToolkitError

Path = tuple[str | int, ...]

MAX_DEPTH: Final = 4
"""Objects within objects that are followed; some types contain themselves (a WAF rule's statement)."""


_IMPORTS: Final = threading.RLock()
"""The SDKs' lazy modules do not bear being touched for the first time by two threads at once."""


class Leaves(Protocol):
    """What to put where the SDK says only `str` or `int`."""

    def text(self, path: Path) -> str: ...

    def number(self, path: Path) -> int: ...

    def flag(self, path: Path) -> bool: ...

    def choice(self, path: Path, values: Sequence[Any]) -> Any:
        """One of an enumeration's values."""
        ...

    def length(self, path: Path) -> int:
        """How many elements a list has."""
        ...


def outputs(type: str, inputs: Properties, leaves: Leaves) -> Properties:
    """All output properties of a resource: its inputs as given, and the computed ones from `leaves`.

    Raises:
        ToolkitError: no installed SDK has such a resource type.
    """
    filled: Properties = {}
    for name, annotation in _output_types(type).items():
        value = _fill(inputs[name], annotation, leaves, (name,)) if name in inputs else None
        value = _shape(annotation, leaves, (name,)) if value is None else value
        if value is not None:
            filled[name] = value
    return inputs | filled


def result(token: str, args: Mapping[str, Any], leaves: Leaves) -> Properties:
    """The result of a data source: its arguments as given, and the rest from `leaves`.

    Raises:
        ToolkitError: no installed SDK has such a function.
    """
    answer: Properties = {}
    for name, annotation in _result_types(token).items():
        value = args[name] if name in args else _shape(annotation, leaves, (name,))
        if value is not None:
            answer[name] = value
    return answer


@cache
def takes_optional(type: str, name: str) -> bool:
    """Whether a resource has an input of this name that may be left out."""
    cls = _class(type)
    args = getattr(importlib.import_module(cls.__module__), f"{cls.__name__}Args", None)
    if args is None or name not in _types.input_type_types(args):
        return False
    python_name = {wire: own for own, wire in _types.input_type_py_to_pulumi_names(args).items()}[name]
    return inspect.signature(args.__init__).parameters[python_name].default is not inspect.Parameter.empty


@cache
def _output_types(type: str) -> Mapping[str, Any]:
    types = _types.resource_types(_class(type))
    return {name: annotation for name, annotation in types.items() if name not in ("id", "urn")}


@cache
def _class(type: str) -> Any:
    package, _, rest = type.partition(":")
    module = rest.rpartition(":")[0]
    with _IMPORTS:
        _import_sdk(package, type)
        for entry in rpc._RESOURCE_MODULES.get(f"{package}:{module}", ()):
            info = entry.mod_info  # type: ignore[attr-defined]
            if type in info["classes"]:
                return getattr(importlib.import_module(info["fqn"]), info["classes"][type])
    raise ToolkitError(
        f"there is no resource type {type!r} in {_sdk_name(package)}",
        next_step="use the class of the SDK, or correct the type token",
    )


@cache
def _result_types(token: str) -> Mapping[str, Any]:
    package, module, name = token.split(":")
    with _IMPORTS:
        _import_sdk(package, token)
        folder = module.partition("/")[0]
        parent = _sdk_name(package) if folder in ("", "index") else f"{_sdk_name(package)}.{folder}"
        function = getattr(importlib.import_module(parent), _snake(name), None)
        hint = typing.get_type_hints(function).get("return") if function else None
    if hint is None:
        raise ToolkitError(
            f"there is no function {token!r} in {_sdk_name(package)}",
            next_step="use the function of the SDK, or correct the token",
        )
    awaitable = hint.__name__.startswith("Awaitable")
    return _types.output_type_types(hint.__mro__[1] if awaitable else hint)


def _import_sdk(package: str, needed_by: str) -> None:
    try:
        importlib.import_module(_sdk_name(package))
    except ModuleNotFoundError:
        raise ToolkitError(
            f"{needed_by!r} needs the package {_sdk_name(package)!r}, which is not installed",
            next_step=f"install it (pip install {_sdk_name(package).replace('_', '-')}), or correct the type token",
        ) from None


def _sdk_name(package: str) -> str:
    return f"pulumi_{package.replace('-', '_')}"


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _bare(annotation: Any) -> Any:
    """The annotation without Output, Optional and Union; a union counts as its text, else as its first member."""
    while True:
        inner = _types.unwrap_type(annotation)
        if typing.get_origin(inner) is typing.Union:
            members = [member for member in typing.get_args(inner) if member is not type(None)]
            inner = str if str in members else members[0]
        if inner is annotation:
            return inner
        annotation = inner


def _shape(annotation: Any, leaves: Leaves, path: Path, depth: int = 0) -> Any:  # noqa: PLR0911 - one for each kind
    kind = _bare(annotation)
    origin = typing.get_origin(kind)
    if origin in (list, Sequence):
        element = typing.get_args(kind)[0]
        return [_shape(element, leaves, (*path, i), depth + 1) for i in range(leaves.length(path))]
    if origin in (dict, Mapping):
        return {}
    if not isinstance(kind, type):
        return leaves.text(path)
    if _types.is_output_type(kind):
        if depth >= MAX_DEPTH:
            return None
        members = _types.output_type_types(kind).items()
        shaped = {name: _shape(member, leaves, (*path, name), depth + 1) for name, member in members}
        return {name: value for name, value in shaped.items() if value is not None}
    if issubclass(kind, enum.Enum):
        return leaves.choice(path, [member.value for member in kind])
    if kind is bool:
        return leaves.flag(path)
    return leaves.number(path) if kind in (int, float) else leaves.text(path)


def _fill(value: Any, annotation: Any, leaves: Leaves, path: Path, depth: int = 0) -> Any:
    """A given value, with the computed members of its objects: without them they would silently read None."""
    kind = _bare(annotation)
    if isinstance(value, list) and typing.get_origin(kind) in (list, Sequence):
        element = typing.get_args(kind)[0]
        return [_fill(item, element, leaves, (*path, i), depth + 1) for i, item in enumerate(value)]
    if isinstance(value, Asset) or not (isinstance(value, dict) and isinstance(kind, type)):
        return value
    if not _types.is_output_type(kind):
        return value
    filled = dict(value)
    for name, member in _types.output_type_types(kind).items():
        if name in value:
            filled[name] = _fill(value[name], member, leaves, (*path, name), depth + 1)
        else:
            shaped = _shape(member, leaves, (*path, name), depth + 2)
            if shaped is not None:
                filled[name] = shaped
    return filled
