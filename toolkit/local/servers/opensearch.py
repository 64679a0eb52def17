"""The product search engine of this machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from toolkit.local.servers.module_server import ModuleServer


class OpenSearchServer(ModuleServer):
    """Speaks the part of OpenSearch's API that product search uses; `folder` keeps the indexes between runs."""

    title = "the search engine"
    module = "toolkit.local.opensearch"
    ready_path = "/_cluster/health"

    def __init__(self, folder: Path, port: int | None = None, *, log: Path | None = None) -> None:
        super().__init__(folder, port, log=log)

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    def arguments(self) -> Sequence[str]:
        return ["--port", str(self.port), "--state", str(self.folder.absolute())]
