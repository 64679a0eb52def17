"""Describes the outputs of resources and the results of data sources, from an SDK's own classes.

Nothing here knows a cloud: `pulumi_<package>` must be installed, and its type annotations are read.
"""

from __future__ import annotations

import enum
import importlib
import inspect
import re
import threading
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, Protocol

from pulumi import Output, _types
from pulumi.runtime import rpc

from toolkit.errors import ToolkitError

Shape = Any
"""JSON: `text`, `number`, `flag`, `map`, `["list", shape]`, `["enum", values]` or `["object", name]`."""

_IMPORTS: Final = threading.RLock()
"""The SDKs' lazy modules are not thread-safe when they are first used."""


@dataclass(frozen=True, kw_only=True)
class Description:
    """A resource type or a data source, as data that can be sent to another process."""

    members: Mapping[str, Shape]
    """Outputs by their wire name."""
    objects: Mapping[str, Mapping[str, Shape]] = field(default_factory=dict)
    """Members of the nested objects; some contain themselves."""
    optional: Sequence[str] = ()
    """Inputs that may be left out."""
    certain: Sequence[str] = ()
    """Outputs that always have a value; a service leaves the others empty unless the program gives them."""


class Sdk(Protocol):
    """Describes resource types and data sources by their tokens."""

    def resource(self, type: str) -> Description: ...

    def data_source(self, token: str) -> Description: ...


class InstalledSdk:
    """Loads the SDKs installed here, which takes a second for a large one.

    Raises:
        ToolkitError: no installed SDK has such a resource type or data source.
    """

    def resource(self, type: str) -> Description:
        return _resource(type)

    def data_source(self, token: str) -> Description:
        return _data_source(token)


@cache
def _resource(type: str) -> Description:
    package, _, rest = type.partition(":")
    with _IMPORTS:
        cls = _find_class(package, rest.rpartition(":")[0], type)
        outputs = {name: kind for name, kind in _types.resource_types(cls).items() if name not in ("id", "urn")}
        described = _describe(outputs)
        return Description(
            members=described.members,
            objects=described.objects,
            optional=_optional_inputs(cls),
            certain=_certain_outputs(cls),
        )


@cache
def _data_source(token: str) -> Description:
    package, module, name = token.split(":")
    with _IMPORTS:
        sdk = _import_sdk(package, token)
        folder = module.partition("/")[0]
        parent = sdk if folder in ("", "index") else f"{sdk}.{folder}"
        function = getattr(importlib.import_module(parent), _snake(name), None)
        hint = typing.get_type_hints(function).get("return") if function else None
        if hint is None:
            raise ToolkitError(
                f"there is no data source {token!r} in {sdk}", next_step="use the SDK's function, or correct the token"
            )
        result = hint.__mro__[1] if hint.__name__.startswith("Awaitable") else hint
        return _describe(_types.output_type_types(result))


def _find_class(package: str, module: str, type: str) -> Any:
    sdk = _import_sdk(package, type)
    for entry in rpc._RESOURCE_MODULES.get(f"{package}:{module}", ()):
        info = entry.mod_info  # type: ignore[attr-defined]
        if type in info["classes"]:
            return getattr(importlib.import_module(info["fqn"]), info["classes"][type])
    raise ToolkitError(
        f"there is no resource type {type!r} in {sdk}", next_step="use the SDK's class, or correct the type token"
    )


def _import_sdk(package: str, needed_by: str) -> str:
    sdk = f"pulumi_{package.replace('-', '_')}"
    try:
        importlib.import_module(sdk)
    except ModuleNotFoundError:
        raise ToolkitError(
            f"{needed_by!r} needs the package {sdk!r}, which is not installed",
            next_step=f"install {sdk.replace('_', '-')}, or correct the type token",
        ) from None
    return sdk


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _optional_inputs(cls: Any) -> list[str]:
    args = getattr(importlib.import_module(cls.__module__), f"{cls.__name__}Args", None)
    if args is None:
        return []
    parameters = inspect.signature(args.__init__).parameters
    names = _types.input_type_py_to_pulumi_names(args)
    return [
        wire
        for own, wire in names.items()
        if own in parameters and parameters[own].default is not inspect.Parameter.empty
    ]


def _certain_outputs(cls: Any) -> list[str]:
    hints = {name: _inside_output(hint) for name, hint in _types._raw_return_hints(cls).items()}
    return [name for name, hint in hints.items() if type(None) not in typing.get_args(hint)]


def _inside_output(hint: Any) -> Any:
    return typing.get_args(hint)[0] if typing.get_origin(hint) is Output else hint


def _describe(members: Mapping[str, Any]) -> Description:
    objects: dict[str, dict[str, Shape]] = {}
    return Description(
        members={name: _shape(annotation, objects) for name, annotation in members.items()}, objects=objects
    )


def _shape(annotation: Any, objects: dict[str, dict[str, Shape]]) -> Shape:  # noqa: PLR0911 - one for each kind
    kind = _bare(annotation)
    origin = typing.get_origin(kind)
    if origin in (list, Sequence):
        return ["list", _shape(typing.get_args(kind)[0], objects)]
    if origin in (dict, Mapping):
        return "map"
    if not isinstance(kind, type):
        return "text"
    if _types.is_output_type(kind):
        name = f"{kind.__module__}.{kind.__qualname__}"
        if name not in objects:
            objects[name] = {}
            objects[name] |= {key: _shape(item, objects) for key, item in _types.output_type_types(kind).items()}
        return ["object", name]
    if issubclass(kind, enum.Enum):
        return ["enum", [member.value for member in kind]]
    if kind is bool:
        return "flag"
    return "number" if kind in (int, float) else "text"


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
