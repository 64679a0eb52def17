"""Read secrets at run time with the process's own role, and keep them for a while."""

from __future__ import annotations

import json
import time
from typing import Any

from commerce.adapters.aws.session import CONFIG, session

_KEEP_SECONDS = 300.0  # a rotated secret is seen within five minutes


class SecretsReader:
    """Secrets Manager behind a small cache. `read` blocks: call it off the event loop."""

    def __init__(self, keep_seconds: float = _KEEP_SECONDS) -> None:
        self._keep_seconds = keep_seconds
        self._known: dict[str, tuple[float, dict[str, Any]]] = {}

    def read(self, name: str) -> dict[str, Any]:
        """The JSON object stored under a secret's name or ARN."""
        now = time.monotonic()
        known = self._known.get(name)
        if known is None or now - known[0] >= self._keep_seconds:
            client = session().client("secretsmanager", config=CONFIG)
            known = now, json.loads(client.get_secret_value(SecretId=name)["SecretString"])
            self._known[name] = known
        return known[1]

    def forget(self, name: str) -> None:
        """Read the secret anew next time, because what it opens has refused it."""
        self._known.pop(name, None)
