from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class DeadLetters(Protocol):
    """What could not be handled for good, kept until somebody has looked at it."""

    async def put(self, letters: Sequence[str]) -> None:
        """Keep these; each says what it is about, and why."""
        ...
