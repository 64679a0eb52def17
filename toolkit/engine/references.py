"""Turns values with tokens into values with references."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final

from toolkit.engine.assets import asset_to_wire
from toolkit.engine.provider import UNKNOWN, Asset
from toolkit.engine.tokens import Tokens, fragment_in
from toolkit.engine.values import ResourceReference, Secret, escape, to_json

REDACTED: Final = "[secret]"


def symbolic(value: Any, tokens: Tokens) -> Any:  # noqa: PLR0911 - one return for each kind of value
    """The value as a plan shows it: tokens become `$ref` and `$concat`, literal parts of secrets are hidden."""
    match value:
        case Secret():
            return {"$secret": _redact(symbolic(value.value, tokens))}
        case dict():
            return {escape(key): symbolic(value[key], tokens) for key in sorted(value)}
        case list():
            return [symbolic(item, tokens) for item in value]
        case Asset():
            return {"$asset": to_json(asset_to_wire(value)) | {"kind": value.kind}}
        case ResourceReference():
            return {"$resource": value.urn}
        case str():
            return _text(value, tokens)
        case bool() | None:
            return value
        case float() if not math.isfinite(value):
            return {"$number": str(value)}
        case int() | float():
            reference = tokens.reference_of(value)
            return value if reference is None else {"$ref": list(reference)}
    return value


def _text(text: str, tokens: Tokens) -> Any:
    if text == UNKNOWN:
        return {"$unknown": True}
    parts = [part if isinstance(part, str) else {"$ref": list(part)} for part in tokens.split(text)]
    if not parts:
        return text
    return parts[0] if len(parts) == 1 else {"$concat": parts}


def _redact(value: Any) -> Any:
    """Hides every literal, keeps every reference."""
    match value:
        case {"$ref": _} | {"$resource": _} | {"$unknown": _}:
            return value
        case {"$secret": inner}:
            return _redact(inner)
        case {"$asset": _} | {"$number": _}:
            return REDACTED
        case dict():
            return {key: _redact(item) for key, item in value.items()}
        case list():
            return [_redact(item) for item in value]
    return REDACTED


def references(value: Any) -> Iterator[str]:
    """URNs (and `invoke:` ids) that a symbolic value refers to."""
    match value:
        case {"$ref": [subject, *_]} | {"$resource": subject}:
            yield subject
        case dict():
            for item in value.values():
                yield from references(item)
        case list():
            for item in value:
                yield from references(item)


def literals(value: Any) -> Iterator[Any]:
    """Texts and numbers of a symbolic value that are not references."""
    match value:
        case {"$ref": _} | {"$resource": _}:
            return
        case dict():
            for item in value.values():
                yield from literals(item)
        case list():
            for item in value:
                yield from literals(item)
        case _:
            yield value


def holds_fragment(value: Any) -> bool:
    """Whether a symbolic value contains part of a token: a reference that the program cut up."""
    return any(isinstance(item, str) and fragment_in(item) for item in literals(value))
