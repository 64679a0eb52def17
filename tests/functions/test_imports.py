"""Cold starts: what a handler imports before its first invocation."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import functions

HANDLERS = sorted(f"functions.{file.parent.name}.aws" for file in Path(functions.__file__).parent.glob("*/aws.py"))
# Imported with the first invocation, or never in a function.
HEAVY = {
    "PIL",
    "asyncpg",
    "boto3",
    "fastapi",
    "moto",
    "pulumi",
    "pulumi_aws",
    "redis",
    "stripe",
    "toolkit",
    "components",
}
_PROBE = """
import importlib, json, sys, time
started = time.process_time()
importlib.import_module(sys.argv[1])
print(json.dumps({"seconds": time.process_time() - started, "modules": sorted(sys.modules)}))
"""


@pytest.mark.parametrize("handler", HANDLERS)
def test_importing_a_handler_is_cheap(handler: str) -> None:
    probe = subprocess.run([sys.executable, "-c", _PROBE, handler], capture_output=True, text=True, check=True)
    imported = json.loads(probe.stdout)
    assert {module.split(".")[0] for module in imported["modules"]} & HEAVY == set()
    # Powertools with the X-Ray SDK is 0.3 s of processor time on a slow core and most of it; the ceiling leaves room
    # for a busy machine, not for another SDK.
    assert len(imported["modules"]) < 800
    assert imported["seconds"] < 1.5
