"""Starts and stops the moto process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from toolkit.local.engines.module_server import ModuleServer

HEALTH_PATH = "/_machine/health"


class MotoServer(ModuleServer):
    """SQS, DynamoDB, Cognito, Secrets Manager, Step Functions, IAM and the rest, on one loopback port.

    `folder` keeps `moto.snapshot`, from which the next start continues, and `functions.json`, the workers to which
    Lambda invocations are forwarded. `url` is what `AWS_ENDPOINT_URL` is set to.
    """

    title = "moto"
    module = "toolkit.local.engines.moto"
    ready_path = HEALTH_PATH
    stop_seconds = 20.0  # for the last snapshot

    def __init__(
        self, folder: Path, port: int | None = None, *, region: str = "us-east-1", log: Path | None = None
    ) -> None:
        super().__init__(folder, port, log=log or folder / "moto.log")
        self.region = region

    @property
    def functions(self) -> Path:
        """The JSON file that lists the workers: `{"function name": [port, ...]}`."""
        return self.folder / "functions.json"

    @property
    def snapshot(self) -> Path:
        """The state of all services."""
        return self.folder / "moto.snapshot"

    def arguments(self) -> Sequence[str]:
        files = ["--snapshot", str(self.snapshot.absolute()), "--functions", str(self.functions.absolute())]
        return ["--port", str(self.port), *files]

    def environment(self) -> Mapping[str, str]:
        return {"AWS_DEFAULT_REGION": self.region, "MOTO_PORT": str(self.port)}
