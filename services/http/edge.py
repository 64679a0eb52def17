"""The types of what a request may contain: strict, and without characters that cannot be stored or seen."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from commerce import text

_DIGITS = re.compile(r"[0-9]{1,9}")


class Body(BaseModel):
    """A request's body. 10.0, true and "10" are not integers, and unknown members are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


def _digits(value: object) -> object:
    if isinstance(value, str) and not _DIGITS.fullmatch(value):
        raise ValueError("must be a whole number in digits")
    return value


Line = Annotated[str, AfterValidator(text.line)]
"""One line that people read: a name, a title. White space around it is removed."""

Prose = Annotated[str, AfterValidator(text.prose)]
"""Text of any number of lines, which may be empty."""

OpaqueId = Annotated[str, Field(pattern=r"^[!-~]+$")]
"""An id that another system made: printable ASCII without spaces."""

QueryInteger = Annotated[int, BeforeValidator(_digits)]
"""An integer in a query, where everything is text."""
