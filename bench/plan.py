"""`marketplace plan` beside `pulumi preview` of the same stack by the real engine with the same provider attached."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from bench.processes import Run, run
from bench.report import Measure, reason

ROOT = Path(__file__).resolve().parent.parent
STACK = "prod"
ROUNDS = 3
MARKETPLACE = str(Path(sys.executable).with_name("marketplace"))


def measure() -> list[Measure]:
    """The best of some rounds of each, after one that warms the file cache."""
    plan = [MARKETPLACE, "plan", "--stack", STACK, "--json"]
    run(plan)
    ours = _best(plan)
    resources = len(json.loads(ours.stdout)["resources"])
    measured = f"{ours.seconds:.2f} s, {ours.peak_megabytes:.0f} MB ({resources} resources)"
    if shutil.which("pulumi") is None:
        return [Measure(name=f"marketplace plan --stack {STACK}", value=measured, ratio="no pulumi on PATH to compare")]
    try:
        theirs = _preview()
    except subprocess.CalledProcessError as error:
        missing = f"nothing to compare: {reason(error)}"
        return [Measure(name=f"marketplace plan --stack {STACK}", value=measured, ratio=missing)]
    return [
        Measure(
            name=f"marketplace plan --stack {STACK}",
            value=measured,
            ratio=f"{ours.seconds / theirs.seconds:.2f} of the real engine's time, "
            f"{ours.peak_bytes / theirs.peak_bytes:.2f} of its memory",
        ),
        Measure(
            name=f"pulumi preview --stack {STACK}",
            value=f"{theirs.seconds:.2f} s, {theirs.peak_megabytes:.0f} MB without the provider",
            ratio="1",
        ),
    ]


def _preview() -> Run:
    provider = subprocess.Popen(
        [MARKETPLACE, "provider", "--symbolic"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert provider.stdout is not None
    try:
        debug = next(line for line in provider.stdout if "PULUMI_DEBUG_PROVIDERS=" in line)
        address = debug.split("PULUMI_DEBUG_PROVIDERS=")[1].split()[0].strip("'\"")
        with tempfile.TemporaryDirectory() as folder:
            home, project = Path(folder) / "home", _project_copy(Path(folder) / "project")
            home.mkdir()
            environment = _environment(home, address)
            create = ["pulumi", "--cwd", str(project), "stack", "init", STACK]
            subprocess.run(create, env=environment, check=True, capture_output=True, text=True)
            preview = ["pulumi", "--cwd", str(project), "preview", "--stack", STACK, "--non-interactive", "--json"]
            run(preview, environment=environment)
            return _best(preview, environment)
    finally:
        provider.terminate()
        provider.wait()


def _project_copy(project: Path) -> Path:
    """The CLI writes its encryption salt into the stack's settings, so it works on a copy of them."""
    project.mkdir()
    for settings in ROOT.glob("Pulumi*.yaml"):
        shutil.copy(settings, project)
    for name in ("stacks", ".venv"):
        (project / name).symlink_to(ROOT / name)
    return project


def _environment(home: Path, providers: str) -> Mapping[str, str]:
    return os.environ | {
        # A language host that is itself in Python finds the SDK that it needs.
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
        "PULUMI_BACKEND_URL": f"file://{home}",
        "PULUMI_HOME": str(home),
        "PULUMI_CONFIG_PASSPHRASE": "bench",
        "PULUMI_DEBUG_PROVIDERS": providers,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }


def _best(command: list[str], environment: Mapping[str, str] | None = None) -> Run:
    return min((run(command, environment=environment) for _ in range(ROUNDS)), key=lambda done: done.seconds)
