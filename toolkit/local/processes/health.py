"""Whether a process is ready."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request


def answers(url: str, *, timeout_seconds: float = 2.0) -> bool:
    """Whether an HTTP GET of the URL is answered with a success."""
    try:
        with urllib.request.urlopen(url, timeout=timeout_seconds) as response:  # noqa: S310 - loopback URLs of ours
            return bool(response.status < 400)
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError):
        return False
