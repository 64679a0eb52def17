"""The real Pulumi CLI and engine, with a provider of ours attached."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from toolkit.engine.provider import UNKNOWN, Provider
from toolkit.engine.serve import serve
from toolkit.engine.tokens import Tokens

needs_pulumi = pytest.mark.skipif(
    not (shutil.which("pulumi") and shutil.which("pulumi-language-python")),
    reason="no `pulumi` with its Python language host on PATH",
)
SIGNATURE = "4dabf18193072939515e22adb298388d"


class RealEngine:
    """The CLI with state, plugins and settings of its own under `home`."""

    def __init__(self, home: Path, port: int) -> None:
        self._home = home
        (home / "state").mkdir(parents=True, exist_ok=True)
        self._environment = os.environ | {
            "PULUMI_DEBUG_PROVIDERS": f"aws:{port}",
            "PULUMI_BACKEND_URL": f"file://{home / 'state'}",
            "PULUMI_HOME": str(home / "pulumi"),
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_PYTHON": sys.executable,
            "GRPC_VERBOSITY": "NONE",
        }

    def run(self, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["pulumi", *arguments, "--non-interactive"],
            cwd=folder,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def ok(self, folder: Path, *arguments: str) -> str:
        done = self.run(folder, *arguments)
        assert done.returncode == 0, done.stderr or done.stdout
        return done.stdout

    def init(self, folder: Path, stack: str) -> None:
        """Creates the stack when there is none; the settings file stays as it is."""
        settings = folder / f"Pulumi.{stack}.yaml"
        before = settings.read_text()
        self.ok(folder, "stack", "select", "--create", stack)
        settings.write_text(before)

    def preview(self, folder: Path, stack: str) -> dict[str, dict[str, Any]]:
        """New states by URN."""
        told = json.loads(self.run(folder, "preview", "--stack", stack, "--json").stdout)
        problems = [item["message"] for item in told.get("diagnostics", ()) if item["severity"] == "error"]
        assert not problems, problems
        return {step["urn"]: step["newState"] for step in told["steps"]}

    def resources(self, folder: Path, stack: str) -> list[dict[str, Any]]:
        """What the stack's state records, default providers left out."""
        project = yaml.safe_load((folder / "Pulumi.yaml").read_text())["name"]
        file = self._home / "state" / ".pulumi" / "stacks" / project / f"{stack}.json"
        recorded: list[dict[str, Any]] = json.loads(file.read_text())["checkpoint"]["latest"].get("resources", [])
        return [item for item in recorded if "::default" not in item["urn"]]


@contextmanager
def real_engine(home: Path, provider: Provider) -> Iterator[RealEngine]:
    server = serve(provider, version="999.0.0")
    try:
        yield RealEngine(home, server.port)
    finally:
        server.stop()


def told_by_real(state: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of a previewed state that both engines tell, in one form."""
    inputs = {key: value for key, value in state.get("inputs", {}).items() if key != "__internal"}
    return {
        "type": state["type"],
        "custom": state["custom"],
        "parent": state.get("parent"),
        "inputs": _real_value(inputs),
        "dependencies": sorted(state.get("dependencies", ())),
        "property_dependencies": {
            key: sorted(urns) for key, urns in state.get("propertyDependencies", {}).items() if urns
        },
        "provider": state.get("provider", "").rpartition("::")[0] or None,
        "protect": state.get("protect", False),
        "external": state.get("external", False),
        "ignore_changes": sorted(state.get("ignoreChanges", ())),
        "additional_secret_outputs": sorted(state.get("additionalSecretOutputs", ())),
        "retain_on_delete": state.get("retainOnDelete", False),
    }


def _real_value(value: Any) -> Any:
    if isinstance(value, dict):
        if SIGNATURE in value:
            return {"asset": value.get("path") or value.get("text") or value.get("uri")}
        return {key: _real_value(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_real_value(item) for item in value]
    return value


def told_by_ours(resource: Any) -> dict[str, Any]:
    """A resource of our preview in the same form."""
    return {
        "type": resource.type,
        "custom": resource.custom,
        "parent": resource.parent,
        "inputs": _our_value(dict(resource.inputs)),
        "dependencies": sorted(resource.dependencies),
        "property_dependencies": {key: sorted(urns) for key, urns in resource.property_dependencies.items() if urns},
        "provider": resource.provider,
        "protect": resource.protect,
        "external": resource.external,
        "ignore_changes": sorted(resource.ignore_changes),
        "additional_secret_outputs": sorted(resource.additional_secret_outputs),
        "retain_on_delete": resource.retain_on_delete,
    }


def _our_value(value: Any) -> Any:  # noqa: PLR0911
    match value:
        case {"$secret": _}:
            return "[secret]"
        case {"$unknown": _}:
            return UNKNOWN
        case {"$ref": reference}:
            # The symbolic provider, attached to the real engine, answers data sources with these very tokens.
            return Tokens("a").text(tuple(reference))
        case {"$concat": parts}:
            return "".join(_our_value(part) for part in parts)
        case {"$asset": asset}:
            return {"asset": asset.get("path") or asset.get("text") or asset.get("uri")}
        case dict():
            return {key.removeprefix("$"): _our_value(item) for key, item in value.items()}
        case list():
            return [_our_value(item) for item in value]
    return value
