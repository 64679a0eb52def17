"""Workers and pollers as processes that the supervisor starts."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from toolkit.local.processes.spec import ProcessSpec


def worker(
    *,
    name: str,
    function_name: str,
    handler: str,
    port: int,
    timeout_seconds: float,
    memory_megabytes: int = 128,
    environment: Mapping[str, str] | None = None,
    role_arn: str | None = None,
    arn: str = "",
) -> ProcessSpec:
    """A process that takes the invocations of a Lambda function."""
    command = [sys.executable, "-m", "toolkit.local.lambda_functions.runtime", "--handler", handler]
    command += ["--port", str(port), "--timeout", str(timeout_seconds), "--memory", str(memory_megabytes)]
    command += ["--name", function_name]
    return ProcessSpec(
        name=name,
        command=[*command, "--arn", arn] if arn else command,
        environment=environment or {},
        role_arn=role_arn,
        ready_url=f"http://127.0.0.1:{port}/",
        kind="worker",
        port=port,
        function_name=function_name,
    )


def poller(*, name: str, mappings: Path, workers: Path, role_arn: str | None = None) -> ProcessSpec:
    """The process that polls the queues of the event source mappings in the file `mappings`."""
    command = [sys.executable, "-m", "toolkit.local.lambda_functions.poller"]
    command += ["--mappings", str(mappings), "--workers", str(workers)]
    return ProcessSpec(name=name, command=command, role_arn=role_arn, kind="poller")
