from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from commerce.import_reading import Position
from commerce.import_rows import RowError
from commerce.imports import Import, ImportedOffer, PreparedRow


class Imports(Protocol):
    """Sellers' files of offers: how far each is read, what was wrong in it, and what its rows do to the offers."""

    async def create(self, job: Import) -> None:
        """Write a new import. Raises UnknownSeller."""
        ...

    async def get(self, import_id: str, seller_id: str | None = None) -> Import:
        """`seller_id` is None for the marketplace itself. Raises ImportNotFound, also for another seller's."""
        ...

    async def of_seller(self, seller_id: str, limit: int, before: datetime | None = None) -> tuple[Import, ...]:
        """The seller's imports, the newest first, those made before `before`."""
        ...

    async def errors(self, import_id: str, after: int, limit: int) -> tuple[RowError, ...]:
        """What was wrong in the lines after line `after`, by line."""
        ...

    async def begin(self, import_id: str, size: int) -> Import:
        """Note that a file of so many bytes is being read; one that has ended stays so. Raises ImportNotFound."""
        ...

    async def known(
        self, seller_id: str, skus: Collection[str], product_ids: Collection[str]
    ) -> tuple[ImportedOffer, ...]:
        """The seller's offers that have one of these SKUs or products, also withdrawn ones."""
        ...

    async def titles(self, product_ids: Collection[str]) -> Mapping[str, str]:
        """The titles of those products that somebody offers now."""
        ...

    async def apply(
        self,
        import_id: str,
        start: Position,
        end: Position,
        rows: Sequence[PreparedRow],
        errors: Sequence[RowError],
    ) -> Import:
        """Do what `imports.decide` says and move from `start` to `end`, in one step, with one event for all offers
        that change. Raises ImportMoved when the import is not at `start`: nothing is done twice."""
        ...

    async def end(self, import_id: str, failure: str | None = None) -> Import:
        """The file is read, or refused with the reason. An import that has ended stays as it is."""
        ...
