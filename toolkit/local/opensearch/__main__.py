"""`python -m toolkit.local.opensearch --port N --state DIR`."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import uvicorn

from toolkit.local.opensearch.app import create_app
from toolkit.local.opensearch.cluster import Cluster


def main() -> int:
    """Serve until a signal; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m toolkit.local.opensearch", description="A small OpenSearch")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state", type=Path, required=True, help="folder of the indexes")
    given = parser.parse_args()
    os.umask(0o077)
    app = create_app(Cluster(given.state))
    uvicorn.run(app, host=given.host, port=given.port, access_log=False, log_level="warning")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
