"""The key that the edge sends and the services' entrance accepts, while it changes."""

from __future__ import annotations

from typing import Protocol


class EdgeKeys(Protocol):
    """Each step can be run again. The previous value stays valid until the next rotation."""

    def propose(self, version: str) -> None:
        """Makes a new value under this version, unless there is one."""
        ...

    def switch_to(self, version: str) -> None:
        """First accepts the version's value beside the current one, then sends it."""
        ...

    def verify(self) -> None:
        """Raises EdgeKeyRefused where what is sent is not accepted everywhere."""
        ...

    def promote(self, version: str) -> None:
        """Makes the version the current one, and the current one the previous."""
        ...
