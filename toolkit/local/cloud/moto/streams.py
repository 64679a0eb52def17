"""Table streams that forget: DynamoDB keeps changes for a day, moto for as long as it runs."""

from __future__ import annotations

from typing import Any, Final

from moto.dynamodb.models.table import Item, StreamShard

KEPT: Final = 10_000
"""Changes of a table that can still be read; up to twice as many are held."""


def forget() -> None:
    """Replaces two methods of moto."""
    add, get = StreamShard.add, StreamShard.get

    def add_and_forget(self: StreamShard, old: Item | None, new: Item | None) -> None:
        add(self, old, new)
        if (surplus := len(self.items) - KEPT) >= KEPT:
            del self.items[:surplus]
            self.starting_sequence_number += surplus

    def get_what_is_left(self: StreamShard, start: int, quantity: int) -> list[dict[str, Any]]:
        """A reader that fell behind goes on with the oldest change that there is."""
        left: list[dict[str, Any]] = get(self, max(start, self.starting_sequence_number), quantity)
        return left

    StreamShard.add, StreamShard.get = add_and_forget, get_what_is_left
