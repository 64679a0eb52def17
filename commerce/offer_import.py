"""Imports a seller's file of offers: read in parts, a batch of rows at a time, from wherever an earlier worker stopped.

Offers are written to the order database alone where it knows their products. Product documents are read for offers of
products that nobody offers yet, and written for descriptions that are new or have changed.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from commerce.catalog import NotTheSeller, Product, ProductChanged, check_id
from commerce.errors import InvalidRequest
from commerce.import_reading import Header, ImportFormat, Position, Read, Reader, UnreadableFile
from commerce.import_rows import OfferRow, RowError
from commerce.imports import (
    CONTENT_TYPES,
    MAXIMUM_BYTES,
    UPLOAD_TTL,
    Import,
    ImportedOffer,
    ImportMoved,
    PreparedRow,
    import_key,
    own_product_id,
)
from commerce.ports import FileNotThere, Files, Imports, Offers, Products, SignedUpload

BATCH_ROWS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedImport:
    """An import and the form that uploads its file."""

    job: Import
    upload: SignedUpload


async def expect_import(imports: Imports, files: Files, seller_id: str, format: ImportFormat) -> ExpectedImport:
    """A new import, which begins when its file has arrived. Raises UnknownSeller."""
    job = Import(import_id=uuid.uuid4().hex, seller_id=seller_id, format=format, created_at=datetime.now(UTC))
    await imports.create(job)
    upload = await files.sign_upload(
        import_key(seller_id, job.import_id),
        content_type=CONTENT_TYPES[format],
        most_bytes=MAXIMUM_BYTES,
        ttl=UPLOAD_TTL,
    )
    return ExpectedImport(job=job, upload=upload)


class OfferImporter:
    """The worker's side. It holds one part of the file and one batch of rows, however long the file is."""

    def __init__(
        self,
        *,
        imports: Imports,
        offers: Offers,
        products: Products,
        files: Files,
        currency: str,
        batch_rows: int = BATCH_ROWS,
    ) -> None:
        self._imports = imports
        self._offers = offers
        self._products = products
        self._files = files
        self._currency = currency
        self._batch_rows = batch_rows

    async def run(self, import_id: str) -> Import:
        """Import the rest of the file; returns the import as it ended, or as another worker has it.

        Safe to run again, and in two workers at once: each batch is stored together with the position behind it.
        Raises ImportNotFound.
        """
        job = await self._imports.get(import_id)
        if job.ended:
            return job
        key = import_key(job.seller_id, import_id)
        size = await self._files.size(key)
        if size is None:
            return await self._imports.end(import_id, "The file is not there any more. Upload it again.")
        job = await self._imports.begin(import_id, size)
        try:
            return await self._read(job, key)
        except UnreadableFile as unreadable:
            return await self._imports.end(import_id, unreadable.detail)
        except FileNotThere:
            return await self._imports.end(import_id, "The file is not there any more. Upload it again.")
        except ImportMoved:
            return await self._imports.get(import_id)

    async def _read(self, job: Import, key: str) -> Import:
        header = await self._header(job, key) if job.position.offset else None
        reader = Reader(job.format, self._currency, job.position, header)
        batch: list[Read] = []
        async for part in self._files.read(key, job.position.offset):
            for read in reader.feed(part):
                batch.append(read)
                if len(batch) == self._batch_rows:
                    job = await self._apply(job, batch)
                    batch = []
        for read in reader.finish():
            batch.append(read)
            if len(batch) == self._batch_rows:
                job = await self._apply(job, batch)
                batch = []
        if batch:
            job = await self._apply(job, batch)
        if job.format is ImportFormat.CSV and job.position == Position():
            raise UnreadableFile("The file is empty.")
        return await self._imports.end(job.import_id)

    async def _header(self, job: Import, key: str) -> Header | None:
        """The columns, from the beginning of a file that is read from somewhere else on."""
        if job.format is not ImportFormat.CSV:
            return None
        reader = Reader(job.format, self._currency)
        async for part in self._files.read(key):
            for _ in reader.feed(part):
                return reader.header
        raise UnreadableFile("The file is empty.")

    async def _apply(self, job: Import, batch: Sequence[Read]) -> Import:
        rows = [read.result for read in batch if isinstance(read.result, OfferRow)]
        errors = [read.result for read in batch if isinstance(read.result, RowError)]
        prepared, unprepared = await self._prepare(job.seller_id, rows)
        return await self._imports.apply(job.import_id, job.position, batch[-1].end, prepared, (*errors, *unprepared))

    async def _prepare(self, seller_id: str, rows: Sequence[OfferRow]) -> tuple[list[PreparedRow], list[RowError]]:
        """The rows with their products, which are there afterwards."""
        if not rows:
            return [], []
        product_ids = [row.product_id or own_product_id(seller_id, row.sku) for row in rows]
        known = await self._imports.known(seller_id, {row.sku for row in rows}, set(product_ids))
        standing = {one.offer.product_id: one for one in known if not one.withdrawn}
        titles = {product_id: one.offer.title for product_id, one in standing.items()}
        foreign = {one for row, one in zip(rows, product_ids, strict=True) if row.product_id and one not in titles}
        if foreign:
            titles |= await self._imports.titles(foreign)
        unsettled = {
            product_id: row
            for row, product_id in zip(rows, product_ids, strict=True)
            if product_id not in titles or _describes_anew(row, standing.get(product_id))
        }
        refused: Mapping[str, tuple[str, str]] = {}
        if unsettled:
            settled, refused = await self._settle(seller_id, unsettled)
            titles |= settled
        prepared, errors = [], []
        for row, product_id in zip(rows, product_ids, strict=True):
            if product_id in refused:
                code, message = refused[product_id]
                errors.append(RowError(line=row.line, code=code, message=message, column=_blamed(row)))
                continue
            described = None if row.described is None else row.described.digest
            prepared.append(PreparedRow(row=row, product_id=product_id, title=titles[product_id], described=described))
        return prepared, errors

    async def _settle(
        self, seller_id: str, rows: Mapping[str, OfferRow]
    ) -> tuple[dict[str, str], dict[str, tuple[str, str]]]:
        """Titles of the products of these rows, written where the seller describes them; and why some cannot be."""
        present = await self._products.find(rows)
        titles: dict[str, str] = {}
        refused: dict[str, tuple[str, str]] = {}
        own: list[Product] = []
        named: list[Product] = []
        for product_id, row in rows.items():
            known = present.get(product_id)
            if known is None:
                if row.described is None:
                    missing = f"There is no product {product_id} yet: describe it with a `title`."
                    refused[product_id] = ("unknown-product", missing)
                    continue
                product = _described(Product(product_id=product_id, title="", description="", owner_id=seller_id), row)
                (named if row.product_id else own).append(product)
                titles[product_id] = product.title
            elif known.withdrawn:
                refused[product_id] = ("product-withdrawn", f"Product {product_id} is withdrawn.")
            else:
                titles[product_id] = await self._describe(seller_id, known, row)
        await self._products.create_own(own)
        return titles, refused | await self._create(named)

    async def _create(self, named: Collection[Product]) -> dict[str, tuple[str, str]]:
        """Write products whose ids the seller chose; why some cannot be."""
        refused = {}
        for product in named:
            try:
                check_id(product.product_id)
                await self._products.put(product)
            except InvalidRequest as reserved:
                refused[product.product_id] = ("invalid-product-id", reserved.detail)
            except NotTheSeller:
                message = f"Another seller describes product {product.product_id} just now. Import the line again."
                refused[product.product_id] = ("product-changed", message)
        return refused

    async def _describe(self, seller_id: str, known: Product, row: OfferRow) -> str:
        """The product's title, after its owner's row. What a row says of another seller's product is not used."""
        if row.described is None or known.owner_id != seller_id:
            return known.title
        while (changed := _described(known, row)) != known:
            if changed.title != known.title:
                await self._offers.rename(known.product_id, changed.title)
            try:
                await self._products.put(changed, replacing=known)
                break
            except ProductChanged:
                known = await self._products.get(known.product_id)
        return changed.title


def _described(product: Product, row: OfferRow) -> Product:
    if row.described is None:
        return product
    said = row.described
    return replace(product, title=said.title, description=said.description, category=said.category)


def _describes_anew(row: OfferRow, own: ImportedOffer | None) -> bool:
    return row.described is not None and (own is None or own.described != row.described.digest)


def _blamed(row: OfferRow) -> str:
    return "product_id" if row.product_id else "title"
