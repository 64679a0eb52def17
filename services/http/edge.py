"""The types of what a request may contain: strict, and without characters that cannot be stored or seen."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

_LINE_BREAKS = frozenset("\t\n\r")
# Unicode counts these as letters and symbols, but they are invisible: fillers of Hangul, the empty Braille cell.
_BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_DIGITS = re.compile(r"[0-9]{1,9}")


class Body(BaseModel):
    """A request's body. 10.0, true and "10" are not integers, and unknown members are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


def _visible(text: str) -> bool:
    return any(unicodedata.category(one)[0] not in "CZM" and one not in _BLANKS for one in text)


def _no_controls(text: str, allowed: frozenset[str] = frozenset()) -> str:
    if any(unicodedata.category(one) in ("Cc", "Cs") and one not in allowed for one in text):
        raise ValueError("must not contain control characters")
    return text


def _line(text: str) -> str:
    text = _no_controls(text).strip()
    if not _visible(text):
        raise ValueError("must contain a character that can be seen")
    return text


def _prose(text: str) -> str:
    return _no_controls(text, _LINE_BREAKS)


def _digits(value: object) -> object:
    if isinstance(value, str) and not _DIGITS.fullmatch(value):
        raise ValueError("must be a whole number in digits")
    return value


Line = Annotated[str, AfterValidator(_line)]
"""One line that people read: a name, a title. White space around it is removed."""

Prose = Annotated[str, AfterValidator(_prose)]
"""Text of any number of lines, which may be empty."""

OpaqueId = Annotated[str, Field(pattern=r"^[!-~]+$")]
"""An id that another system made: printable ASCII without spaces."""

QueryInteger = Annotated[int, BeforeValidator(_digits)]
"""An integer in a query, where everything is text."""
