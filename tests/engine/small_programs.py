"""Small programs of the engine's own tests."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

from toolkit.engine.program import Program

WriteProgram = Callable[..., Program]
"""Writes a program's source (and settings) into the test's folder."""

PREAMBLE = """
import json

import pulumi
import pulumi_aws as aws

"""

THINGS = """
def thing(logical, first, then, **options):
    inputs = {"name": logical, **(first if WHEN == 1 else then)}
    return pulumi.CustomResource("aws:index/thing:Thing", logical, inputs, pulumi.ResourceOptions(**options))


def rules(*ports, x=1):
    return {"rules": [{"port": port, "x": x} for port in ports]}


def tags(**values):
    return {"tags": values}


secret = pulumi.Output.secret
"""
"""Things of one type that are declared one way where `WHEN` is 1, and another way where it is not."""


def write_program(folder: Path, source: str, config: Mapping[str, str] | None = None, project: str = "shop") -> Program:
    """A project with the stack `dev`, its program being `source` after the usual imports."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Pulumi.yaml").write_text(f"name: {project}\nruntime: python\n")
    lines = "".join(f"  {key}: {value}\n" for key, value in (config or {}).items())
    (folder / "Pulumi.dev.yaml").write_text(f"config:\n{lines}" if lines else "{}\n")
    (folder / "__main__.py").write_text(PREAMBLE + textwrap.dedent(source))
    return Program.load(folder, "dev")
