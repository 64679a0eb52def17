"""One row of a seller's file of offers: what each column takes, and what is wrong with a value.

The columns are `sku` (the seller's own number, which the offer is known by when it comes again), `price` (in major
units with a point: 12.90) and `stock` (units that the seller has for sale now); then what is offered: `product_id` of a
product that exists, or `title`, `description` and `category` of one of the seller's own. With `expected_stock` a row
changes an offer only if that is its stock.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from commerce import text
from commerce.catalog import MAXIMUM_STOCK, MAXIMUM_UNIT_PRICE, PRODUCT_ID
from commerce.categories import categories
from commerce.currencies import decimals
from commerce.money import Money

REQUIRED: Final = ("sku", "price", "stock")
DESCRIBING: Final = ("title", "description", "category")
COLUMNS: Final = (*REQUIRED, "product_id", *DESCRIBING, "expected_stock")
MAXIMUM_TITLE: Final = 200
MAXIMUM_DESCRIPTION: Final = 10_000

_SKU = re.compile(r"[!-~](?:[ -~]{0,62}[!-~])?")
_PRODUCT = re.compile(PRODUCT_ID)
_WHOLE = re.compile(r"[0-9]{1,10}")
_PRICES = {
    0: re.compile(r"([0-9]{1,9})()"),
    2: re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,2}))?"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RowError:
    """Why a line was left out: `code` for programs, `message` for people, `column` where one is wrong."""

    line: int
    code: str
    message: str
    column: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What a row says of the product."""

    title: str
    description: str
    category: str | None

    @property
    def digest(self) -> str:
        """Tells whether it is the one that was imported last."""
        content = f"{self.title}\0{self.description}\0{self.category or ''}"
        return hashlib.sha256(content.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferRow:
    """A row that is good in itself. `line` is where it begins in the file, the first line being 1."""

    line: int
    sku: str
    price: Money
    stock: int
    product_id: str | None = None
    described: Description | None = None
    expected_stock: int | None = None


class BadValue(Exception):
    """A value that its column does not take."""

    def __init__(self, column: str, code: str, message: str) -> None:
        super().__init__(message)
        self.column = column
        self.code = code


def parse(line: int, values: Mapping[str, str], currency: str) -> OfferRow | RowError:
    """The row of these values by column; an empty one counts as missing. The first mistake is told."""
    try:
        return OfferRow(
            line=line,
            sku=_sku(values),
            price=_price(values, currency),
            stock=_units(values, "stock"),
            product_id=_product_id(values),
            described=_described(values),
            expected_stock=_units(values, "expected_stock") if values.get("expected_stock") else None,
        )
    except BadValue as bad:
        return RowError(line=line, code=bad.code, column=bad.column, message=str(bad))


def _required(values: Mapping[str, str], column: str) -> str:
    value = values.get(column, "").strip()
    if not value:
        raise BadValue(column, "missing-value", f"`{column}` is empty.")
    return value


def _sku(values: Mapping[str, str]) -> str:
    sku = _required(values, "sku")
    if not _SKU.fullmatch(sku):
        raise BadValue("sku", "invalid-sku", f"A SKU is 1 to 64 characters of printable ASCII, not {_shown(sku)}.")
    return sku


def _price(values: Mapping[str, str], currency: str) -> Money:
    value, places = _required(values, "price"), decimals(currency)
    match = _PRICES[places].fullmatch(value)
    if match is None:
        example = "12.90" if places else "1290"
        raise BadValue(
            "price", "invalid-price", f"Write the price in {currency.upper()} like {example}, not {_shown(value)}."
        )
    whole, fraction = match.group(1), match.group(2) or ""
    amount = int(whole + fraction.ljust(places, "0"))
    if not 0 < amount <= MAXIMUM_UNIT_PRICE:
        raise BadValue(
            "price", "invalid-price", f"A price is between 1 and {MAXIMUM_UNIT_PRICE} minor units, not {amount}."
        )
    return Money(amount, currency)


def _units(values: Mapping[str, str], column: str) -> int:
    value = _required(values, column)
    if not _WHOLE.fullmatch(value) or int(value) > MAXIMUM_STOCK:
        raise BadValue(
            column, "invalid-stock", f"`{column}` is a whole number from 0 to {MAXIMUM_STOCK}, not {_shown(value)}."
        )
    return int(value)


def _product_id(values: Mapping[str, str]) -> str | None:
    value = values.get("product_id", "").strip()
    if value and not _PRODUCT.fullmatch(value):
        raise BadValue("product_id", "invalid-product-id", f"{_shown(value)} is not a product's id.")
    return value or None


def _described(values: Mapping[str, str]) -> Description | None:
    if not any(values.get(column, "").strip() for column in DESCRIBING):
        return None
    title = _text("title", _required(values, "title"), MAXIMUM_TITLE)
    description = values.get("description", "")
    if description:
        description = _text("description", description, MAXIMUM_DESCRIPTION)
    category = values.get("category", "").strip() or None
    if category is not None and category not in categories():
        raise BadValue("category", "unknown-category", f"There is no category {_shown(category)}.")
    return Description(title=title, description=description, category=category)


def _text(column: str, value: str, longest: int) -> str:
    try:
        value = text.line(value) if column == "title" else text.prose(value)
    except ValueError as wrong:
        raise BadValue(column, "invalid-text", f"`{column}` {wrong}.") from wrong
    if len(value) > longest:
        raise BadValue(column, "too-long", f"`{column}` has {len(value)} characters; the most is {longest}.")
    return value


def _shown(value: str) -> str:
    """A value in a message: never longer than a line."""
    return ascii(value if len(value) <= 40 else f"{value[:40]}...")
