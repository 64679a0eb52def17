"""Starts and stops the moto process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from toolkit.local.servers.module_server import ModuleServer

HEALTH_PATH = "/_machine/health"


class MotoServer(ModuleServer):
    """SQS, DynamoDB, Cognito, Secrets Manager, Step Functions, IAM and the rest, on one loopback port.

    `folder` keeps `moto.snapshot`, from which the next start continues, `workers.json`, the workers to which
    Lambda invocations are forwarded, and `endpoints.json`, the models. `url` is what `AWS_ENDPOINT_URL` is set to.
    """

    title = "moto"
    module = "toolkit.local.cloud.moto"
    ready_path = HEALTH_PATH
    stop_seconds = 20.0  # for the last snapshot

    def __init__(
        self, folder: Path, port: int | None = None, *, region: str = "us-east-1", log: Path | None = None
    ) -> None:
        super().__init__(folder, port, log=log or folder / "moto.log")
        self.region = region
        self.saved = False
        """Whether it wrote its state when it was stopped."""

    def stop(self) -> None:
        child = self._child
        super().stop()
        self.saved = child is not None and child.exit_code == 0

    @property
    def workers(self) -> Path:
        """The JSON file that lists the workers: `{"Lambda function name": [port, ...]}`."""
        return self.folder / "workers.json"

    @property
    def endpoints(self) -> Path:
        """The JSON file that lists the models: `{"SageMaker endpoint name": port}`."""
        return self.folder / "endpoints.json"

    @property
    def snapshot(self) -> Path:
        """The state of all services."""
        return self.folder / "moto.snapshot"

    def arguments(self) -> Sequence[str]:
        named = {"snapshot": self.snapshot, "workers": self.workers, "endpoints": self.endpoints}
        files = [part for name, file in named.items() for part in (f"--{name}", str(file.absolute()))]
        return ["--port", str(self.port), *files]

    def environment(self) -> Mapping[str, str]:
        return {"AWS_DEFAULT_REGION": self.region, "MOTO_PORT": str(self.port)}
