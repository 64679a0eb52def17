"""The categories of the marketplace: a small tree, kept in `categories.json` beside this module."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from commerce.errors import InvalidRequest, MarketplaceError


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A branch or a leaf of the tree."""

    category_id: str
    title: str
    children: tuple[Category, ...] = ()

    def branch(self) -> Iterator[str]:
        """Its own id and those of everything below it."""
        yield self.category_id
        for child in self.children:
            yield from child.branch()


class UnknownCategory(MarketplaceError):
    status = 422
    code = "unknown-category"
    title = "There is no such category"

    def __init__(self, category_id: str) -> None:
        super().__init__(
            f"There is no category {category_id!r}. See /catalog/categories for those that there are.",
            category=category_id,
        )
        self.category_id = category_id


@cache
def tree() -> tuple[Category, ...]:
    """The categories at the top."""
    return read(json.loads(resources.files("commerce").joinpath("categories.json").read_text()))


@cache
def categories() -> Mapping[str, Category]:
    """Every category by its id."""
    return {category.category_id: category for category in _all(tree())}


def category(category_id: str) -> Category:
    """Raises UnknownCategory."""
    if category_id not in categories():
        raise UnknownCategory(category_id)
    return categories()[category_id]


def with_below(category_id: str) -> tuple[str, ...]:
    """The id and those of everything below it. What is not in the tree has nothing below it."""
    known = categories().get(category_id)
    return tuple(known.branch()) if known else (category_id,)


def read(document: Any) -> tuple[Category, ...]:
    """The categories of a list of `{"id", "title", "children"}`. Raises InvalidRequest where an id is there twice."""
    made = tuple(
        Category(category_id=one["id"], title=one["title"], children=read(one.get("children", ()))) for one in document
    )
    ids = [one.category_id for one in _all(made)]
    if len(set(ids)) != len(ids):
        raise InvalidRequest("Two categories have the same id.")
    return made


def _all(some: tuple[Category, ...]) -> Iterator[Category]:
    for one in some:
        yield one
        yield from _all(one.children)
