"""The real OpenSearch, started from `OPENSEARCH_HOME` with a folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from toolkit.local.processes.ports import free_port

HOME = "OPENSEARCH_HOME"
START_SECONDS = 120
NOBODY = 65534


@contextmanager
def real_opensearch() -> Iterator[str]:
    """The address of a node, which ends with the block. It refuses to run as root, so it then runs as nobody."""
    folder = Path(tempfile.mkdtemp(prefix="opensearch-"))
    home = folder / "home"
    user = NOBODY if os.geteuid() == 0 else None
    shutil.copytree(os.environ[HOME], home, symlinks=True)
    if user is not None:
        folder.chmod(0o755)
        for path in (home, *home.rglob("*")):
            os.chown(path, user, user, follow_symlinks=False)
    port = free_port()
    settings = {"http.port": port, "transport.port": free_port(), "network.host": "127.0.0.1"}
    settings |= {"discovery.type": "single-node"}
    environment = {
        "PATH": os.environ["PATH"],
        "OPENSEARCH_JAVA_HOME": os.environ.get("OPENSEARCH_JAVA_HOME", ""),
        "OPENSEARCH_JAVA_OPTS": "-Xms384m -Xmx384m",
    }
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [home / "bin" / "opensearch", *(f"-E{name}={value}" for name, value in settings.items())],
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=home,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
        )
    url, deadline = f"http://127.0.0.1:{port}", time.monotonic() + START_SECONDS
    try:
        while not _answers(url):
            assert process.poll() is None, log.read_text(errors="replace")[-2000:]
            assert time.monotonic() < deadline, "OpenSearch did not start"
            time.sleep(0.3)
        yield url
    finally:
        process.terminate()
        process.wait(60)
        shutil.rmtree(folder, ignore_errors=True)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/_cluster/health", timeout=5).json()["status"] in {"green", "yellow"}
    except (httpx.TransportError, KeyError, ValueError):
        return False
