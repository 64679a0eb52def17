"""The double of Stripe's API."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from toolkit.local.processes.fork_server import ForkServer
from toolkit.local.servers.module_server import ModuleServer


class StripeServer(ModuleServer):
    """Accounts, payments, transfers and webhooks over Stripe's own HTTP API; `folder` keeps them between runs.

    `url` is what the `stripe` SDK takes as the base address of the API.
    """

    title = "the Stripe double"
    module = "toolkit.local.stripe"
    ready_path = "/_double/health"

    def __init__(
        self,
        folder: Path,
        port: int | None = None,
        *,
        api_key: str,
        log: Path | None = None,
        forks: ForkServer | None = None,
    ) -> None:
        super().__init__(folder, port, log=log, forks=forks)
        self.api_key = api_key

    def arguments(self) -> Sequence[str]:
        return ["--port", str(self.port), "--state", str(self.folder.absolute()), "--api-key", self.api_key]
