"""The root of every error of the marketplace. Each business fact is one subclass, kept beside its rule."""

from __future__ import annotations

from typing import ClassVar


class MarketplaceError(Exception):
    """A business fact that stops an operation.

    Class attributes say how HTTP reports it (RFC 9457): `status`, `code` (the problem type, kebab-case) and `title`.
    An instance has `detail` (what was expected, what came, what to do) and `context` (the ids concerned, JSON values).
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "marketplace-error"
    title: ClassVar[str] = "The marketplace could not do this"

    def __init__(self, detail: str, **context: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.context: dict[str, object] = context


class InvalidRequest(MarketplaceError):
    """A value breaks a rule that the caller can know: a quantity, a price, a currency."""

    status = 422
    code = "invalid-request"
    title = "The request breaks a rule"


class InvariantBroken(MarketplaceError):
    """A state that must never occur: a defect or a damaged store, not a caller's mistake."""

    status = 500
    code = "invariant-broken"
    title = "An invariant of the marketplace is broken"
