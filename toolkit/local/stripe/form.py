"""Form-encoded requests with nested keys: `card[number]=4242`, `expand[0]=latest_charge`, `types[]=card`."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from toolkit.local.stripe.refusal import Refusal

_KEY = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")
_PART = re.compile(r"\[([^\[\]]*)\]")


def parse(encoded: str) -> dict[str, Any]:
    """The nested parameters of a form body or a query string.

    Arrays stay objects keyed by their index ("0", "1", ...): only the endpoint knows which keys are arrays, since
    `metadata[0]` is an object's key and `expand[0]` an array's.
    """
    parameters: dict[str, Any] = {}
    for key, value in parse_qsl(encoded, keep_blank_values=True):
        matched = _KEY.match(key)
        if matched is None:
            raise Refusal(f"Invalid parameter name: {key}", param=key, executed=False)
        _place(parameters, [matched[1], *_PART.findall(matched[2])], value, key)
    return parameters


def _place(parameters: dict[str, Any], path: list[str], value: str, key: str) -> None:
    here = parameters
    for step in path[:-1]:
        inner = here.setdefault(step or str(len(here)), {})
        if not isinstance(inner, dict):
            raise Refusal(f"Invalid object: {key} is also given a plain value", param=path[0], executed=False)
        here = inner
    last = path[-1] or str(len(here))
    if isinstance(here.get(last), dict):
        raise Refusal(f"Invalid string: {key} is also given as an object", param=path[0], executed=False)
    here[last] = value
