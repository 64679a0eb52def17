"""A stack's settings as the real CLI reads them: its YAML rules, their text forms, and what the project declares."""

from __future__ import annotations

import datetime
import json
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from toolkit.errors import ToolkitError

_PLAIN: Final = "!plain"
_WORDS: Final = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER: Final = re.compile(r"[-+]?(0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|[1-9][0-9]*|0)")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_TIME: Final = re.compile(
    r"\d{4}-\d{1,2}-\d{1,2}([Tt]\d{1,2}:\d{1,2}:\d{1,2}(\.\d+)?(Z|[+-]\d\d:\d\d)| \d{1,2}:\d{1,2}:\d{1,2}(\.\d+)?)"
)
_DATE: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")


class _Loader(yaml.SafeLoader):
    """YAML as go-yaml 3 reads it: `no`, `off` and `9:30` are text, unlike in YAML 1.1, which PyYAML follows."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        if kind is yaml.ScalarNode and implicit[0] and value != "<<":
            return _PLAIN
        return super().resolve(kind, value, implicit)  # type: ignore[no-untyped-call]

    def compose_mapping_node(self, anchor: Any) -> Any:
        """Refuses a key that stands twice, as the real CLI does; PyYAML would take the last one."""
        node = super().compose_mapping_node(anchor)
        lines: dict[str, int] = {}
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode) and key.value != "<<"):
            if key.value in lines:
                problem = f"the key {key.value!r} is already on line {lines[key.value]}"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
            lines[key.value] = key.start_mark.line + 1
        return node


_Loader.add_constructor(_PLAIN, lambda loader, node: _plain(node.value))


def _plain(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    digits = text.replace("_", "")
    if _INTEGER.fullmatch(digits):
        octal = re.sub(r"^([-+]?)0(?=[0-7])", r"\g<1>0o", digits)
        return int(octal, 0)
    if _FLOAT.fullmatch(digits):
        return float(digits.replace(".inf", "inf").replace(".nan", "nan").replace(".NaN", "nan"))
    if date := _DATE.fullmatch(text):
        try:
            return f"{datetime.date(*map(int, date.groups()))} 00:00:00 +0000 UTC"
        except ValueError:
            return text
    if _TIME.fullmatch(text):
        raise ToolkitError(f"{text!r} is a time, which the real CLI would rewrite", next_step="put it in quotes")
    return text


def read_yaml(path: Path, next_step: str = "") -> dict[str, Any]:
    """The mapping in a YAML file.

    Raises:
        ToolkitError: there is no such file, it cannot be read, or it does not parse.
    """
    try:
        content = yaml.load(path.read_text(), _Loader)  # noqa: S506 - a SafeLoader
    except FileNotFoundError:
        raise ToolkitError(f"there is no {path.name} in {path.parent}", next_step=next_step) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = "not UTF-8 text" if isinstance(error, UnicodeDecodeError) else error.strerror
        raise ToolkitError(f"{path} cannot be read: {reason}", next_step="put a YAML file in UTF-8 there") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f":{mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "not valid YAML"
        raise ToolkitError(f"{path}{where}: {problem}", next_step="correct the YAML there") from None
    if not isinstance(content or {}, dict):
        raise ToolkitError(f"{path} is not a mapping", next_step="write `key: value` lines")
    return content or {}


def as_text(key: str, value: Any) -> str:
    """The text that the program gets for a setting; objects and lists as JSON, in the form of the real CLI.

    A value that is encrypted, or holds one that is, has a text in its place that says so.

    Raises:
        ToolkitError: an infinite number, which the real CLI refuses too.
    """
    value = _simple(key, value)
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return re.sub("[<>&]", lambda match: f"\\u{ord(match[0]):04x}", text)


def _simple(key: str, value: Any) -> Any:
    if _secure(value):
        return f"[{key} is encrypted: only pulumi can read it]"
    match value:
        case dict():
            return {str(name): _simple(key, item) for name, item in value.items()}
        case list():
            return [_simple(key, item) for item in value]
        case float() if not math.isfinite(value):
            raise ToolkitError(f"the setting {key} is {value}", next_step="give it a finite number")
        case float() if value.is_integer() and abs(value) < 1e21:  # from there on Go writes an exponent
            return int(value)
    return value


def is_secret(value: Any) -> bool:
    """Whether the value is encrypted, or holds one that is."""
    match value:
        case _ if _secure(value):
            return True
        case dict():
            return any(is_secret(item) for item in value.values())
        case list():
            return any(is_secret(item) for item in value)
    return False


def _secure(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {"secure"} and isinstance(value["secure"], str)


def with_project_config(stack: str, declared: Any, given: Mapping[str, Any], project: str) -> dict[str, Any]:
    """The settings of a stack by full key, with those that `Pulumi.yaml` itself gives.

    Raises:
        ToolkitError: one that `Pulumi.yaml` requires is missing, or one is not of the type that it declares.
    """
    settings = {_full_key(key, project): value for key, value in given.items()}
    entries = dict(_declarations(declared, project))
    for key, entry in entries.items():
        value = entry.get("default", entry.get("value"))
        if value is not None:
            settings.setdefault(key, value)
    missing = sorted(key for key in entries if key not in settings and key.startswith(f"{project}:"))
    if missing:
        names = ", ".join(key.partition(":")[2] for key in missing)
        raise ToolkitError(
            f"stack {stack!r} is missing the settings {names}, which Pulumi.yaml requires",
            next_step=f"add them to Pulumi.{stack}.yaml, or give them a default in Pulumi.yaml",
        )
    for key, entry in entries.items():
        if key in settings:
            _check(stack, key, settings[key], entry)
    return settings


def _declarations(declared: Any, project: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """What `Pulumi.yaml` says of each setting; `key: value` is short for `key: {value: value}`."""
    for key, entry in (declared if isinstance(declared, dict) else {}).items():
        yield _full_key(key, project), entry if isinstance(entry, dict) else {"value": entry}


def _check(stack: str, key: str, value: Any, entry: Mapping[str, Any]) -> None:
    if entry.get("type") is None:
        return
    if entry.get("secret") and not is_secret(value):
        raise ToolkitError(f"the setting {key} must be encrypted", next_step=f"pulumi config set --secret {key}")
    if not is_secret(value) and not _has_type(value, entry["type"], entry.get("items")):
        raise ToolkitError(
            f"the setting {key} is not of the type {entry['type']!r} that Pulumi.yaml declares",
            next_step=f"correct it in Pulumi.{stack}.yaml",
        )


def _has_type(value: Any, type: str, items: Any) -> bool:
    match type:
        case "object":
            return isinstance(value, dict)
        case "array":
            element = items if isinstance(items, dict) else {}
            return isinstance(value, list) and all(
                _has_type(item, element.get("type", "string"), element.get("items")) for item in value
            )
        case "integer":
            return re.fullmatch(r"[-+]?\d+", as_text("", value)) is not None
        case "boolean":
            return as_text("", value) in ("true", "false")
    return not isinstance(value, dict | list)


def _full_key(key: Any, project: str) -> str:
    return key if ":" in str(key) else f"{project}:{key}"
