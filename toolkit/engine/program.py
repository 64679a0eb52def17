"""A Pulumi program: the project's `Pulumi.yaml`, one stack's settings, and the file that runs first."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import yaml

from toolkit.engine.provider import Properties
from toolkit.errors import ToolkitError


@dataclass(frozen=True, kw_only=True)
class Program:
    """What the engine needs to run a stack's program."""

    root: Path
    """The folder of `Pulumi.yaml`."""
    project: str
    stack: str
    main: Path
    """The file that runs first."""
    config: Mapping[str, str] = field(default_factory=dict)
    """Settings by their full key (`aws:region`); objects and lists as JSON, as the SDK expects them."""
    secret_keys: tuple[str, ...] = ()
    organization: str = "organization"
    python: str = sys.executable
    stack_outputs: Mapping[str, Properties] = field(default_factory=dict)
    """Outputs of other stacks by full name (`organization/project/stack`), for StackReferences."""

    @property
    def folder(self) -> Path:
        """The program's working directory, where the real engine would start it too."""
        return self.main.parent

    @classmethod
    def load(cls, root: Path, stack: str) -> Self:
        """Reads a project folder.

        Raises:
            ToolkitError: no project there, no such stack (the message lists those that exist), or a file that
                does not parse.
        """
        root = root.resolve()
        project = _yaml(root / "Pulumi.yaml", "run this in the folder of the project's Pulumi.yaml")
        if not isinstance(project.get("name"), str):
            raise ToolkitError(f"{root / 'Pulumi.yaml'} has no `name`", next_step="add `name: <project>` to it")
        name: str = project["name"]
        file = root / f"Pulumi.{stack}.yaml"
        if not file.exists():
            known = sorted(path.name.split(".")[1] for path in root.glob("Pulumi.*.yaml"))
            raise ToolkitError(
                f"there is no stack {stack!r}: {file.name} is not in {root}",
                next_step=f"use one of {', '.join(known)}" if known else f"create {file.name}",
            )
        settings = _project_config(project.get("config") or {}) | (_yaml(file).get("config") or {})
        config = {_full_key(key, name): _text(key, value) for key, value in settings.items()}
        secret = tuple(_full_key(key, name) for key, value in settings.items() if _encrypted(value))
        return cls(root=root, project=name, stack=stack, main=_main(root, project), config=config, secret_keys=secret)


def _yaml(path: Path, next_step: str = "") -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text())
    except FileNotFoundError:
        raise ToolkitError(f"there is no {path.name} in {path.parent}", next_step=next_step) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f":{mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "not valid YAML"
        raise ToolkitError(f"{path}{where}: {problem}", next_step="correct the YAML there") from None
    if not isinstance(content or {}, dict):
        raise ToolkitError(f"{path} is not a mapping", next_step="write `key: value` lines")
    return content or {}


def _main(root: Path, project: dict[str, Any]) -> Path:
    main = root / str(project.get("main") or ".")
    if main.is_dir():
        main = main / "__main__.py"
    if not main.exists():
        raise ToolkitError(f"the program {main} does not exist", next_step="set `main` in Pulumi.yaml to its folder")
    return main


def _project_config(declared: dict[str, Any]) -> dict[str, Any]:
    """Values that `Pulumi.yaml` itself gives: `key: value`, or `key: {default: value}` / `{value: value}`."""
    values: dict[str, Any] = {}
    for key, entry in declared.items():
        if not isinstance(entry, dict):
            values[key] = entry
        elif "value" in entry or "default" in entry:
            values[key] = entry.get("value", entry.get("default"))
    return values


def _full_key(key: str, project: str) -> str:
    return key if ":" in key else f"{project}:{key}"


def _encrypted(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {"secure"}


def _text(key: str, value: Any) -> str:
    if _encrypted(value):
        # Only the stack's secrets provider could decrypt it. A plan needs only to know that it is there and secret.
        return f"encrypted:{key}"
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value) if isinstance(value, dict | list) else str(value)
