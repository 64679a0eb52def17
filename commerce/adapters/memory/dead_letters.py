"""`commerce.ports.DeadLetters` in memory."""

from __future__ import annotations

from collections.abc import Sequence


class MemoryDeadLetters:
    def __init__(self) -> None:
        self.letters: list[str] = []

    async def put(self, letters: Sequence[str]) -> None:
        self.letters += letters
