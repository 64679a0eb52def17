from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from commerce.search import IndexChange, Rejected, SearchPage, SearchQuery


class ProductSearch(Protocol):
    """Finds products in the index, which may be some seconds old. Every method raises SearchUnavailable."""

    async def search(self, query: SearchQuery) -> SearchPage:
        """One page of what fits the query. Every word must be in the title, the category or the description, with as
        many typing errors as `most_edits` says; exact words and words of the title come first.

        Raises InvalidRequest for a foreign cursor.
        """
        ...

    async def suggest(self, text: str, limit: int) -> tuple[str, ...]:
        """Titles that contain all words of `text`, of which the last may be only begun; each title once."""
        ...

    async def check(self) -> None:
        """Returns when the index can be searched."""
        ...


class SearchIndex(Protocol):
    """What search looks into. Every method raises SearchUnavailable."""

    async def prepare(self, oldest_build: int = 0) -> bool:
        """Make what is missing. Whether a rebuild is due: the index is new, was made for other documents, or its build
        (`begin_rebuild`) is a smaller number than `oldest_build`."""
        ...

    async def write(self, changes: Sequence[IndexChange], build: str | None = None) -> tuple[Rejected, ...]:
        """Write each product unless the index has it at the same or a later version; returns what it refuses for good.

        What is written while a rebuild runs reaches both indexes; with `build` only the one that is being built.
        """
        ...

    async def begin_rebuild(self, build: str) -> None:
        """Start an empty index beside the one that is searched; one that another rebuild has started is dropped.

        `build` names it: a number in digits, larger than those before.
        """
        ...

    async def finish_rebuild(self, build: str) -> None:
        """Search the new index from now on, in one step, and delete the old one. Raises RebuildOvertaken."""
        ...

    async def refresh(self) -> None:
        """Let searches see what was written until now, where the engine does not by itself within a second."""
        ...
