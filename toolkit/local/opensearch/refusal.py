"""Errors in OpenSearch's own shape."""

from __future__ import annotations

from typing import Any


class Refusal(Exception):
    """An error answer: `kind` is OpenSearch's type of it."""

    def __init__(self, status: int, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.kind = kind
        self.reason = reason

    def cause(self) -> dict[str, Any]:
        """What an item of a bulk answer says."""
        return {"type": self.kind, "reason": self.reason}

    def body(self) -> dict[str, Any]:
        """The body of an answer."""
        return {"error": {**self.cause(), "root_cause": [self.cause()]}, "status": self.status}


def no_such_index(name: str) -> Refusal:
    return Refusal(404, "index_not_found_exception", f"no such index [{name}]")


def bad_query(reason: str) -> Refusal:
    return Refusal(400, "parsing_exception", reason)
