"""The Pulumi CLI as the deployer: its state, its diff and its destroy, through our provider over gRPC."""

from __future__ import annotations

import json
import os
import runpy
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from toolkit.engine.counting import is_cloud_resource
from toolkit.engine.deployment import refuse_protected
from toolkit.engine.operations import Operation
from toolkit.engine.program import Program
from toolkit.engine.provider import Properties, Provider
from toolkit.engine.serve import serve
from toolkit.engine.settings import read_yaml
from toolkit.engine.state import ResourceState
from toolkit.errors import ToolkitError
from toolkit.local.deployers.deployer import Deployed, counts

FOLDER = "pulumi"
SECRET_MARK = "4dabf18193072939515e22adb298388d"  # noqa: S105 - Pulumi's own mark of a special value
ENCRYPTION = ("encryptionsalt", "encryptedkey", "secretsprovider")
"""How a stack's file says what its secrets are encrypted with. The copy has a passphrase of its own."""
LAST_LINES = 25


class PulumiDeployer:
    """Drives the CLI on PATH with a backend of files in the state folder; the project's own files stay untouched."""

    def __init__(self, folder: Path) -> None:
        if shutil.which("pulumi") is None:
            raise ToolkitError(
                "there is no `pulumi` on PATH",
                next_step="install it (https://www.pulumi.com/docs/install/), or leave out `--engine pulumi`",
            )
        self._folder = folder / FOLDER

    def resume(self, program: Program) -> Deployed | None:
        """Never: the CLI itself finds out that nothing has changed."""
        return None

    def seal(self) -> None:
        """Does nothing."""

    def repair(self, provider: Provider) -> bool:
        """Does nothing: with the CLI the user runs `pulumi refresh`."""
        return False

    def deploy(self, program: Program, provider: Provider) -> Deployed:
        changes: Counter[Operation] = Counter()
        with self._stack(program, provider) as stack:
            with _cli_errors():
                stack.up(on_output=_ignore, on_event=lambda event: changes.update(_operations(event)))
            resources = self._resources(program)
        return Deployed(resources=resources, outputs=_stack_outputs(resources), changes=counts(changes))

    def require_destroyable(self, program: Program) -> None:
        self._project(program)
        refuse_protected(self._resources(program))

    def destroy(self, program: Program, provider: Provider) -> int:
        with self._stack(program, provider) as stack:
            resources = self._resources(program)
            with _cli_errors():
                stack.destroy(on_output=_ignore)
        return sum(map(is_cloud_resource, resources))

    @contextmanager
    def _stack(self, program: Program, provider: Provider) -> Iterator[Any]:
        from pulumi import automation

        project = self._project(program)
        server = serve(provider)
        try:
            yield automation.create_or_select_stack(
                stack_name=program.stack,
                project_name=program.project,
                program=lambda: _run(program),
                opts=automation.LocalWorkspaceOptions(
                    work_dir=str(project),
                    env_vars=self._environment() | {"PULUMI_DEBUG_PROVIDERS": f"aws:{server.port}"},
                ),
            )
        finally:
            server.stop()

    def _project(self, program: Program) -> Path:
        """A copy of the project's settings: the CLI writes its encryption salt into the stack's file."""
        project = self._folder / "project"
        (self._folder / "backend").mkdir(parents=True, exist_ok=True)
        project.mkdir(exist_ok=True)
        declared = read_yaml(program.root / "Pulumi.yaml")
        declared.pop("main", None)  # the program stays where it is, and runs in this process
        declared.pop("stackConfigDir", None)  # the stack's file is copied beside it
        if isinstance(declared.get("config"), str):  # the old form of `stackConfigDir`
            del declared["config"]
        (project / "Pulumi.yaml").write_text(yaml.safe_dump(declared))
        settings = {key: value for key, value in read_yaml(program.settings_file).items() if key not in ENCRYPTION}
        copy = project / program.settings_file.name
        copy.write_text(yaml.safe_dump(settings | _encryption(copy)))
        return project

    def _environment(self) -> dict[str, str]:
        return {
            "PULUMI_BACKEND_URL": f"file://{self._folder / 'backend'}",
            "PULUMI_HOME": str(self._folder / "home"),
            "PULUMI_CONFIG_PASSPHRASE": "this machine only",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }

    def _resources(self, program: Program) -> list[ResourceState]:
        """What is deployed, secrets in clear."""
        done = subprocess.run(
            ["pulumi", "stack", "export", "--show-secrets", "--non-interactive", "--stack", program.stack],
            cwd=self._folder / "project",
            env=os.environ | self._environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ToolkitError(f"`pulumi stack export` failed: {done.stderr.strip()}", next_step="see its message")
        exported = json.loads(done.stdout)["deployment"].get("resources") or ()
        return [_resource(entry) for entry in exported if not entry.get("delete")]


def _run(program: Program) -> None:
    """The program as the CLI's language host would run it: fresh, its own folder first in the import path."""
    folder = str(program.folder)
    sys.path.insert(0, folder)
    try:
        for name in [name for name in sys.modules if name.partition(".")[0] in ("stacks", "components")]:
            del sys.modules[name]
        runpy.run_path(str(program.main), run_name="__main__")
    finally:
        sys.path.remove(folder)


@contextmanager
def _cli_errors() -> Iterator[None]:
    """Turns a failure of the CLI into a `ToolkitError` with the last lines that it printed."""
    from pulumi.automation import CommandError

    try:
        yield
    except CommandError as error:
        lines = [line for line in str(error).splitlines() if line.strip()]
        raise ToolkitError(
            "Pulumi did not finish:\n" + "\n".join(lines[-LAST_LINES:]),
            next_step="correct what it names, then run up again",
        ) from None


def _operations(event: Any) -> list[Operation]:
    """What a step of the CLI does to a cloud resource; a replacement is one operation, its parts are none."""
    step = event.resource_pre_event and event.resource_pre_event.metadata
    declared = step and (step.new or step.old)
    if not declared or not step.logical or not declared.custom or declared.type.startswith("pulumi:"):
        return []
    return [step.op.value]


def _encryption(copy: Path) -> dict[str, Any]:
    """What the CLI added to the copy of the stack's file the last time, to encrypt its state."""
    known = read_yaml(copy) if copy.exists() else {}
    return {key: known[key] for key in ENCRYPTION if key in known}


def _resource(entry: Mapping[str, Any]) -> ResourceState:
    urn = str(entry["urn"])
    return ResourceState(
        urn=urn,
        type=entry["type"],
        name=urn.rsplit("::", 1)[-1],
        parent=entry.get("parent", ""),
        custom=bool(entry.get("custom")),
        id=entry.get("id", ""),
        inputs=_clear(entry.get("inputs") or {}),
        outputs=_clear(entry.get("outputs") or {}),
        dependencies=tuple(entry.get("dependencies") or ()),
        protect=bool(entry.get("protect")),
        external=bool(entry.get("external")),
    )


def _clear(value: Any) -> Any:
    """A value of the export without Pulumi's wrapping of secrets."""
    if isinstance(value, dict):
        if SECRET_MARK in value and "plaintext" in value:
            return json.loads(value["plaintext"])
        return {key: _clear(item) for key, item in value.items()}
    return [_clear(item) for item in value] if isinstance(value, list) else value


def _stack_outputs(resources: list[ResourceState]) -> Properties:
    return next((dict(resource.outputs) for resource in resources if resource.type == "pulumi:pulumi:Stack"), {})


def _ignore(line: str) -> None:
    pass
