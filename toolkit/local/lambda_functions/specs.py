"""Workers and pollers as processes that the supervisor starts."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from toolkit.local.lambda_functions.configuration import LambdaConfiguration
from toolkit.local.processes.spec import ProcessSpec


def runtime_command(function: LambdaConfiguration, *, handler: str, port: int) -> list[str]:
    """Starts the process that runs the handler of a Lambda function for whoever calls the port."""
    return [
        *(sys.executable, "-m", "toolkit.local.lambda_functions.runtime"),
        *("--handler", handler, "--port", str(port), "--name", function.name, "--arn", function.arn),
        *("--timeout", str(function.timeout_seconds), "--memory", str(function.memory_mib)),
    ]


def worker(
    *,
    name: str,
    function: LambdaConfiguration,
    handler: str,
    port: int,
    environment: Mapping[str, str],
    role_arn: str | None,
) -> ProcessSpec:
    """A process that takes the invocations of a Lambda function."""
    return ProcessSpec(
        name=name,
        command=runtime_command(function, handler=handler, port=port),
        environment=environment,
        role_arn=role_arn,
        ready_url=f"http://127.0.0.1:{port}/",
        kind="worker",
        port=port,
        function_name=function.name,
    )


def poller(*, name: str, mappings: Path, workers: Path, role_arn: str) -> ProcessSpec:
    """The process that polls the queues of the event source mappings in the file `mappings`."""
    command = [sys.executable, "-m", "toolkit.local.lambda_functions.poller"]
    command += ["--mappings", str(mappings), "--workers", str(workers)]
    return ProcessSpec(name=name, command=command, role_arn=role_arn, kind="poller")


def stream_poller(*, name: str, mappings: Path, workers: Path, role_arn: str) -> ProcessSpec:
    """The process that follows the tables of the event source mappings in the file `mappings`."""
    command = [sys.executable, "-m", "toolkit.local.lambda_functions.stream_poller"]
    command += ["--mappings", str(mappings), "--workers", str(workers)]
    return ProcessSpec(name=name, command=command, role_arn=role_arn, kind="poller")


def ticker(*, name: str, schedules: Path, workers: Path) -> ProcessSpec:
    """The process that calls functions at the rates of the schedules in the file `schedules`."""
    command = [sys.executable, "-m", "toolkit.local.lambda_functions.ticker"]
    command += ["--schedules", str(schedules), "--workers", str(workers)]
    return ProcessSpec(name=name, command=command, kind="poller")
