"""A mistake in a stack is found by the type check, before anything is planned."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from mypy import api
from planned import ROOT

STACK = ROOT / "stacks" / "marketplace.py"
MISTAKES = {
    "another component's arguments": (r'"carts", on, CartCacheArgs\(', '"carts", on, CatalogDatabaseArgs('),
    "an unknown argument": (r"FulfillmentQueueArgs\(\)", "FulfillmentQueueArgs(color=1)"),
    "a component of another kind": (r"cluster=cluster", "cluster=network"),
    "no arguments": (r'"secrets", on, SecretsArgs\(\)', '"secrets", on'),
}


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the type check says of the stack with each mistake, all checked in one run."""
    folder = tmp_path_factory.mktemp("mistaken")
    files = {}
    for index, (mistake, (pattern, replacement)) in enumerate(MISTAKES.items()):
        source, count = re.subn(pattern, replacement, STACK.read_text(), count=1)
        assert count == 1, pattern
        files[mistake] = folder / f"mistaken_{index}.py"
        files[mistake].write_text(source)
    options = ["--config-file", str(ROOT / "pyproject.toml"), "--no-error-summary"]
    said, _, _ = api.run([*options, *map(str, [STACK, *files.values()])])
    return {name: _of(path, said) for name, path in {**files, "none": STACK}.items()}


def _of(path: Path, said: str) -> str:
    return "\n".join(
        line for line in said.splitlines() if line.split(":")[0].endswith(path.name) and " error: " in line
    )


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_the_stack_fails_the_type_check(checked: dict[str, str], mistake: str) -> None:
    assert checked[mistake], mistake


def test_the_stack_itself_passes(checked: dict[str, str]) -> None:
    assert checked["none"] == ""
