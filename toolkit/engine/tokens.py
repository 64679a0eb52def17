"""Placeholders for values that only a cloud can know, in a form that can be found again inside other values.

A token stands for one property of one resource. It is the same in every run with the same seed, in whatever order
resources are registered. It contains the usual separators, so a program that splits it, slices it or changes its case
leaves pieces that can be recognized.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Final

Reference = tuple[str | int, ...]
"""URN (or `invoke:<id>`), then the path of the property."""

_DIGITS: Final = {"a": 8, "b": 12, "c": 10}
"""Tokens of two seeds differ in length too, so that a value computed from the length differs as well."""
_FIRST_NUMBER: Final = {"a": 1_000_000_000, "b": 3_000_000_000, "c": 2_000_000_000}
_NUMBERS: Final = 900_000_000
_NUMBER: Final = re.compile(r"(?<!\d)[1-4]\d{9}(?!\d)")
_FRAGMENT: Final = re.compile(r"plan-[abc]/|[0-9a-f]{8,12}:[0-9a-f]{8,12}|[0-9a-f]{8}\.ref\b", re.IGNORECASE)


class Tokens:
    """The tokens of one run."""

    def __init__(self, seed: str) -> None:
        """`seed` is `a`, `b` or `c`; a plan compares runs with different ones."""
        self.seed = seed
        self._texts: dict[str, Reference] = {}
        self._numbers: dict[int, Reference] = {}
        self._digits: dict[str, Reference] = {}
        self._pattern = re.compile(rf"plan-{seed}/([0-9a-f]{{{_DIGITS[seed]}}}):\1\.ref")

    def text(self, reference: Reference) -> str:
        digest = hashlib.sha256(json.dumps([self.seed, *reference]).encode()).hexdigest()[: _DIGITS[self.seed]]
        token = f"plan-{self.seed}/{digest}:{digest}.ref"
        self._texts[token] = reference
        return token

    def number(self, reference: Reference) -> int:
        digest = hashlib.sha256(json.dumps([self.seed, *reference]).encode()).digest()
        number = _FIRST_NUMBER[self.seed] + int.from_bytes(digest[:6], "big") % _NUMBERS
        while self._numbers.setdefault(number, reference) != reference:
            number += 1
        self._digits[str(number)] = reference
        return number

    def reference_of(self, number: float) -> Reference | None:
        """What a number stands for; `None` for one that is not a token."""
        return self._numbers.get(int(number)) if float(number).is_integer() else None

    def split(self, text: str) -> list[str | Reference]:
        """A text as its literal parts and the references between them."""
        parts: list[str | Reference] = []
        for part in self._split(text, self._pattern, self._texts):
            if isinstance(part, str):
                parts += self._split(part, _NUMBER, self._digits)
            else:
                parts.append(part)
        return parts

    @staticmethod
    def _split(text: str, pattern: re.Pattern[str], known: dict[str, Reference]) -> list[str | Reference]:
        parts: list[str | Reference] = []
        end = 0
        for match in pattern.finditer(text):
            reference = known.get(match[0])
            if reference is None:
                continue
            if match.start() > end:
                parts.append(text[end : match.start()])
            parts.append(reference)
            end = match.end()
        if end < len(text):
            parts.append(text[end:])
        return parts


def fragment_in(text: str) -> bool:
    """Whether a text contains part of a token, which can no longer be traced."""
    return bool(_FRAGMENT.search(text))
