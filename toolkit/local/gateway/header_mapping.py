"""Header mappings of an integration (its request parameters)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from toolkit.errors import ToolkitError

CLAIMS = "$context.authorizer.claims."
CLAIM_NAME = re.compile(r"[A-Za-z0-9._-]+")
"""What a mapping can name: API Gateway refuses an expression with any other character, such as a colon."""

Headers = list[tuple[bytes, bytes]]


class HeaderMapping(BaseModel):
    """A request parameter mapping of an integration, such as `overwrite:header.x-user-id`.

    `value` is a literal or `$context.authorizer.claims.<claim>`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: Literal["append", "overwrite", "remove"]
    header: str
    value: str = ""

    @field_validator("value")
    @classmethod
    def _is_understood(cls, value: str) -> str:
        if value.startswith("$") and not value.startswith(CLAIMS):
            raise ValueError(f"{value} is not supported here: use a literal or {CLAIMS}<claim>")
        if value.startswith(CLAIMS) and not CLAIM_NAME.fullmatch(value.removeprefix(CLAIMS)):
            raise ValueError(
                f"API Gateway refuses {value}: it takes letters, digits, `.`, `_` and `-` in a claim's name"
            )
        return value


def header_mappings(route_key: str, parameters: Mapping[str, str]) -> tuple[HeaderMapping, ...]:
    """The header mappings of an integration's request parameters; mappings of paths and queries are left out."""
    mappings = []
    for name, value in parameters.items():
        action, _, place = name.partition(":")
        kind, _, header = place.partition(".")
        if kind == "header":
            mappings.append({"action": action, "header": header, "value": value.strip("'")})
    try:
        return tuple(HeaderMapping.model_validate(mapping) for mapping in mappings)
    except ValidationError as refused:
        reasons = "; ".join(str(error["msg"]).removeprefix("Value error, ") for error in refused.errors())
        raise ToolkitError(
            f"the integration of {route_key} cannot be mapped: {reasons}",
            next_step="correct the integration's request parameters; what is not mapped can be read from the token",
        ) from None


def mapped(headers: Headers, mappings: tuple[HeaderMapping, ...], claims: Mapping[str, Any]) -> Headers:
    """Applies the integration's parameter mapping. What the caller sent under an overwritten name never passes."""
    for mapping in mappings:
        name = mapping.header.lower().encode()
        if mapping.action != "append":
            headers = [header for header in headers if header[0] != name]
        value = None if mapping.action == "remove" else _value(mapping.value, claims)
        if value is not None:
            headers.append((name, value.encode()))
    return headers


def _value(expression: str, claims: Mapping[str, Any]) -> str | None:
    """A literal, or a claim; API Gateway writes a list as `[a b]`. What would break out of its header is left out."""
    if not expression.startswith(CLAIMS):
        return expression
    claim = claims.get(expression.removeprefix(CLAIMS))
    text = f"[{' '.join(str(item) for item in claim)}]" if isinstance(claim, list) else str(claim)
    return None if claim is None or "\r" in text or "\n" in text else text
