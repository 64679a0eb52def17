"""The streams of moto's tables, made to forget."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from moto.dynamodb.models.table import StreamShard

from toolkit.local.cloud.moto import streams


class Table:
    stream_specification = {"StreamViewType": "KEYS_ONLY"}  # noqa: RUF012
    lambda_event_source_mappings: dict[str, object] = {}  # noqa: RUF012
    hash_key_attr = "id"
    range_key_attr = None


@pytest.fixture
def shard(monkeypatch: pytest.MonkeyPatch) -> Iterator[StreamShard]:
    for name in ("add", "get"):
        monkeypatch.setattr(StreamShard, name, getattr(StreamShard, name))  # put back afterwards
    monkeypatch.setattr(streams, "KEPT", 3)
    monkeypatch.setattr("moto.dynamodb.models.table.StreamRecord", _Record)
    streams.forget()
    yield StreamShard("123456789012", Table())


class _Record:
    def __init__(self, *change: object) -> None:
        self.number = change[-1]

    def to_json(self) -> dict[str, object]:
        return {"number": self.number}


def test_old_changes_are_forgotten_and_the_numbers_go_on(shard: StreamShard) -> None:
    first = shard.starting_sequence_number
    for _ in range(8):
        shard.add(None, None)
        assert len(shard.items) < 6
    kept = [record["number"] for record in shard.get(shard.starting_sequence_number, 100)]
    assert kept == list(range(first + 8 - len(kept), first + 8))
    assert len(kept) >= 3


def test_a_reader_that_fell_behind_goes_on_with_what_is_left(shard: StreamShard) -> None:
    first = shard.starting_sequence_number
    for _ in range(8):
        shard.add(None, None)
    assert shard.get(first, 1) == [{"number": shard.starting_sequence_number}]
