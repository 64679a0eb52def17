"""Where a process gets what it signs in with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

PasswordSource = Callable[[], Awaitable[str]]
"""The password for one new connection. It may be short-lived, so it is asked for every time."""

CredentialsSource = Callable[[], Awaitable[tuple[str, str]]]
"""User and password for one new connection."""


class RequestSigner(Protocol):
    """Signs a request to a store that takes HTTP requests of known identities."""

    async def __call__(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Mapping[str, str]:
        """The headers to send: those given, and the signature with the process's own identity."""
        ...


class Secrets(Protocol):
    """The cloud's secret store behind a small cache. `read` blocks: call it off the event loop."""

    def read(self, name: str) -> Mapping[str, Any]:
        """The JSON object that is stored as the secret `name`."""
        ...

    def forget(self, name: str) -> None:
        """Read the secret anew next time, because what it opens has refused it."""
        ...
