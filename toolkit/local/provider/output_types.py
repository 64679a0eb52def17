"""Computed outputs in the form that the SDK's own output classes declare."""

from __future__ import annotations

import enum
import functools
import hashlib
import importlib
import typing
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from pulumi import Output
from pulumi import _types as sdk

from toolkit.engine.provider import Properties
from toolkit.local.provider.emulator import ACCOUNT

MAXIMUM_DEPTH = 4
PACKAGES = {"aws": "pulumi_aws", "random": "pulumi_random"}


def plausible(type: str, id: str, arn: str, name: str, region: str) -> Properties:
    """A value for every output of `type`; the caller puts over them what it knows better."""
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
    return {
        property: shared[property] if property in shared else _value(declared, property, id, arn)
        for property, declared in output_types(type).items()
        if not _may_be_absent(declared)
    }


@functools.cache
def output_types(type: str) -> Mapping[str, Any]:
    """Output property to its declared Python type; empty for a type that no installed SDK has."""
    resource_class = _resource_class(type)
    if resource_class is None:
        return {}
    return {property: kind for property, kind in _hints(resource_class).items() if property not in {"id", "urn"}}


def _hints(sdk_class: Any) -> Mapping[str, Any]:
    """Pulumi property to type hint, with the `Optional` that `resource_types` takes away."""
    hints: Mapping[str, Any] = sdk._raw_return_hints(sdk_class)
    return {property: _inside_output(hint) for property, hint in hints.items()}


def _inside_output(hint: Any) -> Any:
    arguments = typing.get_args(hint)
    return arguments[0] if arguments and typing.get_origin(hint) is Output else hint


def _may_be_absent(hint: Any) -> bool:
    """An output is optional when the service leaves it empty unless the program gives it."""
    return typing.get_origin(hint) is typing.Union and type(None) in typing.get_args(hint)


def _resource_class(type: str) -> Any:
    package, module, _ = type.split(":")
    if package not in PACKAGES:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a module of the SDK warns of each deprecated class that it defines
        return _find_class(package, module, type)


def _find_class(package: str, module: str, type: str) -> Any:
    importlib.import_module(PACKAGES[package])
    from pulumi.runtime import rpc

    modules: Any = rpc._RESOURCE_MODULES
    for entry in modules.get(f"{package}:{module}") or ():
        info = entry.mod_info
        if type in info["classes"]:
            return getattr(importlib.import_module(info["fqn"]), info["classes"][type])
    return None


def _value(declared: Any, property: str, id: str, arn: str, depth: int = 0) -> Any:  # noqa: PLR0911 - one per kind
    kind = _required(declared)
    origin = typing.get_origin(kind)
    if isinstance(kind, type) and sdk.is_output_type(kind):
        if depth >= MAXIMUM_DEPTH:
            return {}
        return {member: _value(inner, member, id, arn, depth + 1) for member, inner in _hints(kind).items()}
    if origin in {list, Sequence}:
        element = _required(typing.get_args(kind)[0])
        nested = isinstance(element, type) and sdk.is_output_type(element)
        return [_value(element, property, id, arn, depth + 1)] if nested else []
    if origin in {dict, Mapping}:
        return {}
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return next(iter(kind)).value
    if kind is bool:
        return False
    if kind in {int, float}:
        return 0
    return _text(property, id, arn)


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


def _required(declared: Any) -> Any:
    """The type inside `Output[...]`, `Optional[...]`; `str` wins in a union."""
    while True:
        kind = sdk.unwrap_type(declared)
        if typing.get_origin(kind) is typing.Union:
            options = [option for option in typing.get_args(kind) if option is not type(None)]
            kind = next((option for option in options if option is str), options[0])
        if kind is declared:
            return kind
        declared = kind
