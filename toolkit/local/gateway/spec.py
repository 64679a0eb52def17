"""The gateway as a process that the supervisor starts."""

from __future__ import annotations

import sys
from pathlib import Path

from toolkit.local.processes.spec import ProcessSpec

HEALTH_PATH = "/_gateway/health"


def gateway(*, name: str, settings: Path, port: int) -> ProcessSpec:
    """The process that serves the API in the file `settings`."""
    command = [sys.executable, "-m", "toolkit.local.gateway", "--settings", str(settings), "--port", str(port)]
    ready_url = f"http://127.0.0.1:{port}{HEALTH_PATH}"
    return ProcessSpec(name=name, command=command, ready_url=ready_url, kind="gateway", port=port)
