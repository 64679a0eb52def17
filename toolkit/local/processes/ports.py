"""Loopback ports, always below the range from which the kernel hands out client ports."""

from __future__ import annotations

import random
import socket
from collections.abc import Collection

from toolkit.errors import ToolkitError

FIRST_PORT = 20_000
LAST_PORT = 32_000


def free_port(avoid: Collection[int] = ()) -> int:
    """A port of 127.0.0.1 on which nothing listens now, outside `avoid`."""
    choice = random.SystemRandom()
    while True:
        port = choice.randint(FIRST_PORT, LAST_PORT)
        if port not in avoid and is_free(port):
            return port


def is_free(port: int) -> bool:
    """Whether a server could bind the port at this moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def is_listening(port: int) -> bool:
    """Whether a server accepts connections on the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def require_free(port: int, server: str) -> None:
    """Refuses to start a server on a port that another process has."""
    if is_listening(port) or not is_free(port):
        raise ToolkitError(
            f"port {port}, which {server} uses here, is taken by another process",
            next_step=f"stop that process (`lsof -i :{port}` names it), then run the command again",
        )
