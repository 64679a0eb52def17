"""Text that people write and read: without characters that cannot be stored or seen."""

from __future__ import annotations

import unicodedata

_LINE_BREAKS = frozenset("\t\n\r")
# Unicode counts these as letters and symbols, but they are invisible: fillers of Hangul, the empty Braille cell.
_BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")


def line(text: str) -> str:
    """One line that people read, without the white space around it. Raises ValueError."""
    text = _no_controls(text).strip()
    if not _visible(text):
        raise ValueError("must contain a character that can be seen")
    return text


def prose(text: str) -> str:
    """Text of any number of lines, which may be empty. Raises ValueError."""
    return _no_controls(text, _LINE_BREAKS)


def _visible(text: str) -> bool:
    return any(unicodedata.category(one)[0] not in "CZM" and one not in _BLANKS for one in text)


def _no_controls(text: str, allowed: frozenset[str] = frozenset()) -> str:
    if text.isascii() and text.isprintable():
        return text
    if any(unicodedata.category(one) in ("Cc", "Cs") and one not in allowed for one in text):
        raise ValueError("must not contain control characters")
    return text
