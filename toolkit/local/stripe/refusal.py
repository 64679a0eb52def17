"""Stripe's error answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Refusal(Exception):
    """A request that Stripe refuses: HTTP `status`, and the `error` object of the answer.

    `keeps_changes` is true where Stripe refuses and still changes its state: a declined card leaves a failed charge.
    `executed` is false for refusals that come before the request runs; an idempotency key does not remember those.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        details: Mapping[str, Any] | None = None,
        keeps_changes: bool = False,
        executed: bool = True,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.keeps_changes = keeps_changes
        self.executed = executed
        self.error: dict[str, Any] = {"message": message, "type": kind}
        if code is not None:
            self.error["code"] = code
            self.error["doc_url"] = f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"
        if param is not None:
            self.error["param"] = param
        self.error.update(details or {})

    def body(self) -> dict[str, Any]:
        """The JSON answer."""
        return {"error": self.error}


def missing(what: str, identifier: str, *, param: str = "id", status: int = 404) -> Refusal:
    """No object of that id: 404 where the id stands in the path, 400 (`status`) where it is a parameter."""
    return Refusal(f"No such {what}: '{identifier}'", status=status, code="resource_missing", param=param)
