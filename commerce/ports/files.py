from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from commerce.errors import MarketplaceError


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedUpload:
    """A form (`multipart/form-data`) that puts one file into the store: these fields, then the file as `file`."""

    url: str
    fields: Mapping[str, str]
    expires_at: datetime


class FileNotThere(MarketplaceError):
    """The store has no such file."""

    status = 404
    code = "file-not-there"
    title = "There is no such file"

    def __init__(self, key: str) -> None:
        super().__init__(f"There is no file {key}.", key=key)
        self.key = key


class Files(Protocol):
    """Files by key: what sellers upload, and the pictures that are shown."""

    async def sign_upload(self, key: str, *, content_type: str, most_bytes: int, ttl: timedelta) -> SignedUpload:
        """A form for this one key. The store refuses an empty file, a larger one, another type, and a late one."""
        ...

    async def size(self, key: str) -> int | None:
        """Bytes of the file; None when it is not there."""
        ...

    def read(self, key: str, start: int = 0) -> AsyncIterator[bytes]:
        """The file's bytes from `start` on, in parts; none when it ends before. Raises FileNotThere."""
        ...

    async def write(self, key: str, content: bytes, *, content_type: str) -> None:
        """Write a file that never changes: it may be cached for ever."""
        ...

    async def delete(self, keys: Collection[str]) -> None:
        """Delete files; those that are not there are no error."""
        ...
