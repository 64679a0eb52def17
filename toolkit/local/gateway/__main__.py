"""The gateway process."""

from __future__ import annotations

import argparse
from pathlib import Path

import uvicorn

from toolkit.local.gateway.api import GatewaySettings
from toolkit.local.gateway.application import Gateway
from toolkit.local.gateway.edge import Edge


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m toolkit.local.gateway")
    parser.add_argument("--settings", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    settings = GatewaySettings.load(arguments.settings)
    gateway = Gateway(settings)
    uvicorn.run(
        Edge(settings.distribution, gateway, settings.buckets_url) if settings.distribution else gateway,
        host="127.0.0.1",
        port=arguments.port,
        http="httptools",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=65,
        timeout_graceful_shutdown=3,
    )


if __name__ == "__main__":
    main()
