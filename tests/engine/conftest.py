"""A folder for a small program."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.engine.small_programs import WriteProgram, write_program
from toolkit.engine.program import Program


@pytest.fixture
def program(tmp_path: Path) -> WriteProgram:
    """Writes a program into this test's folder; writing again changes it."""

    def write(source: str, config: Mapping[str, str] | None = None) -> Program:
        return write_program(tmp_path / "project", source, config)

    return write
