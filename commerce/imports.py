"""Imports: a seller's file of offers, and what each of its rows does.

An offer is known again by the seller's SKU, so the same file imported twice makes nothing twice. Its `stock` is what
the seller says to have now: a number that differs from the one that was imported last is the offer's new stock; the
same number again changes nothing, because the units that were sold since would come back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from commerce.catalog import Offer, offer_id_for
from commerce.errors import MarketplaceError
from commerce.import_reading import ImportFormat, Position
from commerce.import_rows import OfferRow, RowError

MAXIMUM_BYTES: Final = 200 * 2**20
UPLOAD_TTL: Final = timedelta(minutes=30)
KEPT_ERRORS: Final = 1_000
"""So many errors of an import are kept; the others are only counted."""
CONTENT_TYPES: Final = {ImportFormat.CSV: "text/csv", ImportFormat.JSON_LINES: "application/x-ndjson"}


class ImportState(StrEnum):
    WAITING = "waiting"
    """For the upload, or for a worker."""
    RUNNING = "running"
    FINISHED = "finished"
    REFUSED = "refused"
    """The file as a whole cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Rows by what became of them."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    failed: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            created=self.created + other.created,
            changed=self.changed + other.changed,
            unchanged=self.unchanged + other.unchanged,
            failed=self.failed + other.failed,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """A file and how far it is read. `size` is null until it was uploaded; `failure` says why it was refused."""

    import_id: str
    seller_id: str
    format: ImportFormat
    created_at: datetime
    state: ImportState = ImportState.WAITING
    size: int | None = None
    position: Position = field(default_factory=Position)
    counts: Counts = field(default_factory=Counts)
    failure: str | None = None
    finished_at: datetime | None = None

    @property
    def ended(self) -> bool:
        return self.state in (ImportState.FINISHED, ImportState.REFUSED)


def import_key(seller_id: str, import_id: str) -> str:
    """Where the seller puts the file."""
    return f"imports/{seller_id}/{import_id}"


def own_product_id(seller_id: str, sku: str) -> str:
    """The id of the product that a seller describes in a row without `product_id`: one for each SKU."""
    digest = hashlib.sha256(f"{seller_id}\n{sku}".encode())
    return f"sku-{digest.hexdigest()[:40]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedOffer:
    """An offer with what an import knows of it: the SKU, the stock that the seller declared last, and a digest of the
    description that came with it."""

    offer: Offer
    sku: str | None = None
    declared_stock: int | None = None
    described: str | None = None
    withdrawn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedRow:
    """A good row whose product is there. `described` is None where the row describes nothing."""

    row: OfferRow
    product_id: str
    title: str
    described: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What a part of a file does to the offers of its seller."""

    writes: tuple[ImportedOffer, ...] = ()
    errors: tuple[RowError, ...] = ()
    counts: Counts = field(default_factory=Counts)

    @property
    def product_ids(self) -> list[str]:
        """Of the offers that change."""
        return sorted({write.offer.product_id for write in self.writes})


def decide(seller_id: str, rows: Sequence[PreparedRow], known: Iterable[ImportedOffer]) -> Batch:
    """What the rows, one after the other, do to the seller's `known` offers.

    Those with a SKU or a product of the rows must be among them. A row is left out whose SKU is another product's,
    whose product has another SKU, or whose `expected_stock` is not the offer's.
    """
    by_id = {one.offer.offer_id: one for one in known}
    by_sku = {one.sku: one.offer.offer_id for one in by_id.values() if one.sku is not None}
    writes: dict[str, ImportedOffer] = {}
    errors: list[RowError] = []
    created = changed = unchanged = 0
    for prepared in rows:
        offer_id = offer_id_for(seller_id, prepared.product_id)
        before = by_id.get(offer_id)
        error = _refused(prepared.row, before, by_id.get(by_sku.get(prepared.row.sku, offer_id)))
        if error is not None:
            errors.append(error)
            continue
        after = _written(seller_id, offer_id, prepared, before)
        if after == before:
            unchanged += 1
            continue
        created, changed = created + (before is None), changed + (before is not None)
        by_id[offer_id] = writes[offer_id] = after
        by_sku[prepared.row.sku] = offer_id
    counts = Counts(created=created, changed=changed, unchanged=unchanged, failed=len(errors))
    return Batch(writes=tuple(writes.values()), errors=tuple(errors), counts=counts)


def _refused(row: OfferRow, before: ImportedOffer | None, of_sku: ImportedOffer | None) -> RowError | None:
    """`before` is the offer of the row's product, `of_sku` that of its SKU: the same, or one of them missing."""
    if of_sku is not None and of_sku is not before:
        message = f"The SKU {row.sku} is the one of your offer of product {of_sku.offer.product_id}."
        return RowError(line=row.line, code="sku-of-another-product", column="sku", message=message)
    if before is not None and before.sku not in (None, row.sku):
        message = f"Your offer of product {before.offer.product_id} has the SKU {before.sku}."
        return RowError(line=row.line, code="product-of-another-sku", column="sku", message=message)
    stock = before.offer.stock if before is not None and not before.withdrawn else None
    if row.expected_stock not in (None, stock) and not _counted_again(row, before):
        message = f"The stock is {'not known yet' if stock is None else stock}, not {row.expected_stock}."
        return RowError(line=row.line, code="offer-changed", column="expected_stock", message=message)
    return None


def _written(seller_id: str, offer_id: str, prepared: PreparedRow, before: ImportedOffer | None) -> ImportedOffer:
    row = prepared.row
    offer = Offer(
        offer_id=offer_id,
        seller_id=seller_id,
        product_id=prepared.product_id,
        title=prepared.title,
        unit_price=row.price,
        stock=before.offer.stock if before is not None and _counted_again(row, before) else row.stock,
    )
    after = ImportedOffer(offer=offer, sku=row.sku, declared_stock=row.stock, described=prepared.described)
    if before is not None and prepared.described is None:
        after = replace(after, described=before.described)
    return after


def _counted_again(row: OfferRow, before: ImportedOffer | None) -> bool:
    """Whether the row says the same number as the last one."""
    return before is not None and not before.withdrawn and before.declared_stock == row.stock


class ImportNotFound(MarketplaceError):
    status = 404
    code = "import-not-found"
    title = "There is no such import"

    def __init__(self, import_id: str) -> None:
        super().__init__(f"You have no import {import_id}.", import_id=import_id)
        self.import_id = import_id


class ImportMoved(MarketplaceError):
    """Another worker has read on: what this one wanted to write is written, or will be."""

    status = 409
    code = "import-moved"
    title = "The import has moved on"

    def __init__(self, import_id: str, position: Position) -> None:
        super().__init__(f"Import {import_id} is not at byte {position.offset} any more.", import_id=import_id)
        self.import_id = import_id
