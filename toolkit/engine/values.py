"""Property values, as the program, the engine, its state and a provider exchange them.

Inside the engine a value is plain JSON-like data plus three kinds of leaves: `Secret` (a mark around any value),
`Asset` (a file, text or archive) and `ResourceReference`. Unknown values of a preview are the string `UNKNOWN`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from google.protobuf import struct_pb2

from toolkit.engine.assets import asset_from_wire, asset_to_wire
from toolkit.engine.provider import UNKNOWN, Asset, Properties

SIGNATURE_KEY: Final = "4dabf18193072939515e22adb298388d"
"""Pulumi marks a special value on the wire with this key and one of the signatures below."""
SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a signature, not a password
ASSET: Final = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE: Final = "0def7320c3a5731c473e5ecbe6d01bc7"
RESOURCE: Final = "5cf8f73096256a8f31e491e813e4eb8e"
OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"


@dataclass(frozen=True)
class Secret:
    """A value that must never be shown."""

    value: Any

    def __repr__(self) -> str:
        return "Secret([secret])"


@dataclass(frozen=True)
class ResourceReference:
    """A whole resource given as a value; `id` is None for a component, and `UNKNOWN` in a preview."""

    urn: str
    id: str | None = None


@dataclass(frozen=True)
class OutputValue:
    """A value with the URNs it depends on, as transforms receive and return it."""

    value: Any
    dependencies: tuple[str, ...] = ()


def decode(struct: struct_pb2.Struct, root: Path | None = None) -> Properties:
    """Reads properties from the wire; `root` is the folder that relative asset paths start from."""
    return {key: decode_value(value, root) for key, value in struct.fields.items()}


def decode_value(value: struct_pb2.Value, root: Path | None) -> Any:
    """Reads one value from the wire."""
    match value.WhichOneof("kind"):
        case "string_value":
            return value.string_value
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "bool_value":
            return value.bool_value
        case "list_value":
            return [decode_value(item, root) for item in value.list_value.values]
        case "struct_value":
            return _decode_object({k: decode_value(v, root) for k, v in value.struct_value.fields.items()}, root)
    return None


def _decode_object(members: Properties, root: Path | None) -> Any:
    match members.get(SIGNATURE_KEY):
        case None:
            return members
        case signature if signature == SECRET:
            return Secret(members.get("value"))
        case signature if signature in (ASSET, ARCHIVE):
            return asset_from_wire(members, archive=signature == ARCHIVE, root=root)
        case signature if signature == RESOURCE:
            return ResourceReference(members["urn"], (members["id"] or UNKNOWN) if "id" in members else None)
        case signature if signature == OUTPUT:
            inner = members.get("value", UNKNOWN)
            return OutputValue(
                Secret(inner) if members.get("secret") else inner, tuple(members.get("dependencies") or ())
            )
    return members


def encode(properties: Properties) -> struct_pb2.Struct:
    """Writes properties to the wire; the inverse of `decode`."""
    struct = struct_pb2.Struct()
    struct.update({key: _to_wire(value) for key, value in properties.items()})
    return struct


def _to_wire(value: Any) -> Any:  # noqa: PLR0911 - one return for each kind of value
    match value:
        case dict():
            return {key: _to_wire(item) for key, item in value.items()}
        case list() | tuple():
            return [_to_wire(item) for item in value]
        case Secret():
            return {SIGNATURE_KEY: SECRET, "value": _to_wire(value.value)}
        case Asset():
            return {SIGNATURE_KEY: ARCHIVE if value.kind == "archive" else ASSET} | _to_wire(asset_to_wire(value))
        case ResourceReference():
            id = {} if value.id is None else {"id": "" if value.id == UNKNOWN else value.id}
            return {SIGNATURE_KEY: RESOURCE, "urn": value.urn} | id
        case OutputValue():
            return _output_to_wire(value)
        case _:
            return value


def _output_to_wire(output: OutputValue) -> Properties:
    inner, secret = (output.value.value, True) if isinstance(output.value, Secret) else (output.value, False)
    known = {} if inner == UNKNOWN else {"value": _to_wire(inner)}
    return {SIGNATURE_KEY: OUTPUT, "secret": secret, "dependencies": list(output.dependencies)} | known


def reveal(value: Any) -> Any:
    """The value without its secret marks, as providers and processes need it."""
    match value:
        case Secret():
            return reveal(value.value)
        case dict():
            return {key: reveal(item) for key, item in value.items()}
        case list():
            return [reveal(item) for item in value]
    return value


def without_references(value: Any) -> Any:
    """The value as a provider gets it: a resource is its id, a component its URN."""
    match value:
        case ResourceReference():
            return value.urn if value.id is None else value.id
        case Secret():
            return Secret(without_references(value.value))
        case dict():
            return {key: without_references(item) for key, item in value.items()}
        case list():
            return [without_references(item) for item in value]
    return value


def leaves(value: Any) -> Iterator[Any]:
    """Every scalar, asset and reference inside a value, without secret marks."""
    match value:
        case Secret():
            yield from leaves(value.value)
        case dict():
            for item in value.values():
                yield from leaves(item)
        case list():
            for item in value:
                yield from leaves(item)
        case _:
            yield value


def holds_secret(value: Any) -> bool:
    match value:
        case Secret():
            return True
        case dict():
            return any(holds_secret(item) for item in value.values())
        case list():
            return any(holds_secret(item) for item in value)
    return False


def holds_unknown(value: Any) -> bool:
    return any(leaf == UNKNOWN for leaf in leaves(value))


def mark_secrets(outputs: Properties, inputs: Properties, additional: tuple[str, ...] = ()) -> Properties:
    """Marks outputs as secret: those whose input of the same name holds a secret, and the `additional` ones.

    This is the real engine's rule: the whole output is secret, even if only part of the input is.
    """
    marked: Properties = {}
    for key, value in outputs.items():
        source = inputs.get(key)
        if isinstance(value, dict) and isinstance(source, dict):
            marked[key] = mark_secrets(value, source)
        elif not isinstance(value, Secret) and holds_secret(source):
            marked[key] = Secret(reveal(value))
        else:
            marked[key] = value
    for key in additional:
        if key in marked and not isinstance(marked[key], Secret):
            marked[key] = Secret(reveal(marked[key]))
    return marked


def escape(key: str) -> str:
    """A key of the program's own data with one more `$` in front if it starts with one, so that it is no marker."""
    return f"${key}" if key.startswith("$") else key


def _unescape(key: str) -> str:
    return key[1:] if key.startswith("$$") else key


def to_json(value: Any) -> Any:
    """The value as it is written to the state file: special leaves become objects with one `$` key."""
    match value:
        case dict():
            return {escape(key): to_json(item) for key, item in value.items()}
        case list() | tuple():
            return [to_json(item) for item in value]
        case Secret():
            return {"$secret": to_json(value.value)}
        case Asset():
            return {"$asset": to_json(asset_to_wire(value)) | {"kind": value.kind}}
        case ResourceReference():
            return {"$resource": value.urn, "id": value.id}
    return value


def from_json(value: Any) -> Any:
    """The inverse of `to_json`."""
    match value:
        case {"$secret": inner}:
            return Secret(from_json(inner))
        case {"$asset": dict() as members}:
            return asset_from_wire(from_json(members), archive=members["kind"] == "archive", root=None)
        case {"$resource": str() as urn, "id": id_}:
            return ResourceReference(urn, id_)
        case dict():
            return {_unescape(key): from_json(item) for key, item in value.items()}
        case list():
            return [from_json(item) for item in value]
    return value
