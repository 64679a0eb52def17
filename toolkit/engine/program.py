"""A Pulumi program: the project's `Pulumi.yaml`, one stack's settings, and the file that runs first."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from toolkit.engine.provider import Properties
from toolkit.engine.settings import as_text, is_secret, read_yaml, with_project_config
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
    settings_file: Path
    """The stack's `Pulumi.<stack>.yaml`."""
    config: Mapping[str, str] = field(default_factory=dict)
    """Settings by their full key (`aws:region`); objects and lists as JSON, as the SDK expects them."""
    secret_keys: tuple[str, ...] = ()
    """Settings that are encrypted. Only the stack's secrets provider could read them: their text says so."""
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
            ToolkitError: no project there, no such stack (the message lists those that exist), a file that does
                not parse, or settings that are not what the project's `config` requires.
        """
        root = root.resolve()
        project = read_yaml(root / "Pulumi.yaml", "run this in the folder of the project's Pulumi.yaml")
        if not isinstance(project.get("name"), str):
            raise ToolkitError(f"{root / 'Pulumi.yaml'} has no `name`", next_step="add `name: <project>` to it")
        name: str = project["name"]
        declared = project.get("config")
        # An old form: `config: <folder>`.
        folder = root / str(project.get("stackConfigDir") or (declared if isinstance(declared, str) else "."))
        file = folder / f"Pulumi.{stack}.yaml"
        if not file.exists():
            known = sorted(path.name.split(".")[1] for path in folder.glob("Pulumi.*.yaml"))
            raise ToolkitError(
                f"there is no stack {stack!r}: {file.name} is not in {folder}",
                next_step=f"use one of {', '.join(known)}" if known else f"create {file.name}",
            )
        settings = with_project_config(stack, declared, _given(file), name)
        config = {key: as_text(key, value) for key, value in settings.items()}
        secret = tuple(key for key, value in settings.items() if is_secret(value))
        main = _main(root, project)
        return cls(
            root=root, project=name, stack=stack, main=main, settings_file=file, config=config, secret_keys=secret
        )


def _given(file: Path) -> dict[str, Any]:
    given = read_yaml(file).get("config") or {}
    if not isinstance(given, dict):
        raise ToolkitError(f"`config` in {file} is not a mapping", next_step="write `key: value` lines under it")
    for key in given:
        if not isinstance(key, str):
            raise ToolkitError(f"the key {key!r} of `config` in {file} is not text", next_step="put it in quotes")
    return given


def _main(root: Path, project: dict[str, Any]) -> Path:
    main = root / str(project.get("main") or ".")
    if main.is_dir():
        main = main / "__main__.py"
    if not main.exists():
        raise ToolkitError(f"the program {main} does not exist", next_step="set `main` in Pulumi.yaml to its folder")
    return main
