"""Who may import whom, as the architecture says."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import grimp
import pytest

from components.clouds import CLOUDS

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]

IMPORTERS = {
    entry.sdk.replace("-", "_"): rf"components/(\w+/)?{entry.id}/.+|components/\w+/{entry.id}\.py"
    for entry in CLOUDS.values()
} | {
    "boto3": r"(commerce/adapters/aws|toolkit/local)/.+",
    "botocore": r"(commerce/adapters/aws|toolkit/local)/.+",
    "aws_lambda_powertools": r"commerce/adapters/.+|functions/aws_lambda\.py|functions/\w+/aws\.py",
    "fastapi": r"services/.+",
}
"""Third-party package, and the files that may import it."""


def test_the_layers_hold() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Imports for type checking count: a circle is a sign of code in the wrong place, whether or not it runs.

    Importing a module runs its package first, so it counts as importing the package too.
    """
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    for importer in sorted(graph.modules):
        for imported in graph.find_modules_directly_imported_by(importer):
            package = imported.rpartition(".")[0]
            while package and not f"{importer}.".startswith(f"{package}."):
                graph.add_import(importer=importer, imported=package)
                package = package.rpartition(".")[0]
    circles = set()
    for importer in graph.modules:
        for imported in graph.find_modules_directly_imported_by(importer):
            if circle := graph.find_shortest_chain(imported, importer):
                start = circle.index(min(circle))
                circles.add(" -> ".join((*circle[start:], *circle[:start], circle[start])))
    assert not circles, "\n".join(sorted(circles))


@pytest.mark.parametrize(("package", "allowed"), IMPORTERS.items(), ids=IMPORTERS)
def test_a_package_is_imported_only_where_it_belongs(package: str, allowed: str) -> None:
    importers = {
        path.relative_to(ROOT).as_posix()
        for folder in PACKAGES
        for path in (ROOT / folder).rglob("*.py")
        if package in imported_packages(path)
    }
    assert {path for path in importers if not re.fullmatch(allowed, path)} == set()


def imported_packages(path: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(path.read_text())))
    plain = {name.name.split(".")[0] for node in nodes if isinstance(node, ast.Import) for name in node.names}
    return plain | {(node.module or "").split(".")[0] for node in nodes if isinstance(node, ast.ImportFrom)}
