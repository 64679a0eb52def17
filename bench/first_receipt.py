"""From `marketplace up` in an empty folder to the first receipt."""

from __future__ import annotations

import json
import tempfile

from bench.plan import MARKETPLACE
from bench.processes import run
from bench.report import Measure
from toolkit.local.processes.ports import free_port


def measure() -> list[Measure]:
    """Deploys, buys and stops twice in one state folder: the second run finds everything there."""
    with tempfile.TemporaryDirectory() as state:
        command = [MARKETPLACE, "up", "--once", "--json", "--port", str(free_port()), "--state", state]
        first, second = run(command), run(command)
    seconds = json.loads(first.stdout)["seconds"]
    phases = ", ".join(f"{name} {value:.1f}" for name, value in seconds.items())
    return [
        Measure(
            name="marketplace up, to the receipt",
            value=f"{first.seconds:.1f} s, {first.peak_megabytes:.0f} MB at the most ({phases})",
            ratio=f"{first.seconds / second.seconds:.2f} of the second run's time",
        ),
        Measure(name="marketplace up, the second time", value=f"{second.seconds:.1f} s", ratio="1"),
    ]
