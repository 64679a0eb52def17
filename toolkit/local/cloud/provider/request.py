"""Builds a boto3 request from Pulumi properties, guided by botocore's own model of the operation.

Pulumi's camelCase names, Terraform's plurals and tag maps are matched to the members of the operation's
input shape; what the operation does not know is left out. An emulator renames only what is called differently.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toolkit.engine.provider import Properties


def request(
    client: Any, operation: str, properties: Properties, *, rename: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Keyword arguments for `operation` (its AWS name, `CreateTopic`) taken from `properties`.

    `rename` maps a Pulumi property to a path in the request, such as `passwordPolicy` to `Policies.PasswordPolicy`.
    """
    shape = client.meta.service_model.operation_model(operation).input_shape
    renamed = dict(rename or {})
    arguments: dict[str, Any] = _structure(shape, {k: v for k, v in properties.items() if k not in renamed})
    for source, path in renamed.items():
        if properties.get(source) is not None:
            _place(shape, arguments, path.split("."), properties[source])
    return arguments


def _place(shape: Any, arguments: dict[str, Any], path: list[str], value: Any) -> None:
    member = shape.members[path[0]]
    if len(path) == 1:
        arguments[path[0]] = _convert(member, value)
    else:
        _place(member, arguments.setdefault(path[0], {}), path[1:], value)


def _structure(shape: Any, properties: Mapping[str, Any]) -> dict[str, Any]:
    members = {_key(name): name for name in shape.members}
    arguments: dict[str, Any] = {}
    for key, value in properties.items():
        name = members.get(_key(key)) or members.get(_key(key).removesuffix("s"))
        if name is None or value is None or value == "":
            continue
        arguments[name] = _convert(shape.members[name], value)
    return arguments


def _key(name: str) -> str:
    return name.replace("_", "").lower()


def _convert(shape: Any, value: Any) -> Any:  # noqa: PLR0911 - one return per kind of shape
    match shape.type_name:
        case "structure":
            first = value[0] if isinstance(value, list) and value else value
            return _structure(shape, first or {})
        case "list" if isinstance(value, Mapping):
            return _tags(shape.member, value)
        case "list":
            return [_convert(shape.member, item) for item in (value if isinstance(value, list) else [value])]
        case "map":
            return {key: _convert(shape.value, item) for key, item in value.items()}
        case "string":
            return str(value)
        case "integer" | "long":
            return int(value)
        case "float" | "double":
            return float(value)
        case "boolean":
            return value if isinstance(value, bool) else str(value).lower() in {"true", "enabled"}
        case "blob" if isinstance(value, str):
            return value.encode()
        case _:
            return value


def _tags(shape: Any, tags: Mapping[str, Any]) -> list[dict[str, Any]]:
    names = {name.lower().removeprefix("tag"): name for name in shape.members}
    return [{names["key"]: key, names["value"]: str(value)} for key, value in tags.items()]
