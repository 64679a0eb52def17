"""`commerce.ports.Files` in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from datetime import UTC, datetime, timedelta

from commerce.errors import InvalidRequest
from commerce.ports import FileNotThere, SignedUpload

_PART_BYTES = 64 * 1024


class MemoryFiles:
    def __init__(self) -> None:
        self.content: dict[str, bytes] = {}
        self.types: dict[str, str] = {}

    async def sign_upload(self, key: str, *, content_type: str, most_bytes: int, ttl: timedelta) -> SignedUpload:
        fields = {"key": key, "Content-Type": content_type, "most-bytes": str(most_bytes)}
        return SignedUpload(url="memory:", fields=fields, expires_at=datetime.now(UTC) + ttl)

    def receive(self, fields: Mapping[str, str], content: bytes) -> None:
        """What a store does with the form of `sign_upload`. Raises InvalidRequest."""
        if not 1 <= len(content) <= int(fields["most-bytes"]):
            raise InvalidRequest(f"The store takes 1 to {fields['most-bytes']} bytes, not {len(content)}.")
        self.content[fields["key"]] = content
        self.types[fields["key"]] = fields["Content-Type"]

    async def size(self, key: str) -> int | None:
        return len(self.content[key]) if key in self.content else None

    async def read(self, key: str, start: int = 0) -> AsyncIterator[bytes]:
        if key not in self.content:
            raise FileNotThere(key)
        for position in range(start, len(self.content[key]), _PART_BYTES):
            yield self.content[key][position : position + _PART_BYTES]

    async def write(self, key: str, content: bytes, *, content_type: str) -> None:
        self.content[key] = content
        self.types[key] = content_type

    async def delete(self, keys: Collection[str]) -> None:
        for key in keys:
            self.content.pop(key, None)
            self.types.pop(key, None)
