"""Who may import whom, as the architecture says."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CLOUD_SDKS = {"pulumi_aws": "aws", "pulumi_azure_native": "azure", "pulumi_gcp": "gcp"}


def test_the_layers_hold() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(("sdk", "cloud"), CLOUD_SDKS.items())
def test_only_a_components_own_cloud_file_imports_that_clouds_sdk(sdk: str, cloud: str) -> None:
    importers = {
        path.relative_to(ROOT)
        for package in ("components", "stacks", "services", "functions", "commerce", "toolkit")
        for path in (ROOT / package).rglob("*.py")
        if sdk in imported_packages(path)
    }
    strangers = {path for path in importers if path.parts[0] != "components" or cloud not in (path.stem, *path.parts)}
    assert strangers == set()


def imported_packages(path: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(path.read_text())))
    plain = {name.name.split(".")[0] for node in nodes if isinstance(node, ast.Import) for name in node.names}
    return plain | {(node.module or "").split(".")[0] for node in nodes if isinstance(node, ast.ImportFrom)}
