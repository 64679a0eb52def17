"""Cursors of pages that go from the newest to the oldest: a time and an id, opaque to the client."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime

from commerce.errors import InvalidRequest

Position = tuple[datetime, str]
"""The last item of a page: its time and its id."""


def cursor(position: Position) -> str:
    """The cursor of the page after this position."""
    at, id = position
    return base64.urlsafe_b64encode(f"{at.isoformat()} {id}".encode()).decode().rstrip("=")


def position(cursor: str) -> Position:
    """The position in a cursor. Raises InvalidRequest for one that was not made here."""
    try:
        at, _, id = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().partition(" ")
        when = datetime.fromisoformat(at)
    except (binascii.Error, UnicodeError, ValueError) as wrong:
        raise InvalidRequest("The cursor is not one that a page ended with. Begin without one.") from wrong
    if when.tzinfo is None or not id or "\0" in id:
        raise InvalidRequest("The cursor is not one that a page ended with. Begin without one.")
    return when, id
