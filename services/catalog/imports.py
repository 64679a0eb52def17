"""The routes and bodies of a seller's imports."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, BaseModel, Field

from commerce.import_reading import ImportFormat
from commerce.import_rows import RowError
from commerce.imports import Import, ImportState
from commerce.offer_import import expect_import
from services.catalog.dependencies import CatalogDependency
from services.catalog.images import UploadBody
from services.http.edge import Body, QueryInteger
from services.http.identity import SignedInSeller

router = APIRouter(prefix="/catalog/imports", tags=["imports"])

ImportId = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
Limit = Annotated[QueryInteger, Query(ge=1, le=100)]


class ImportRequest(Body):
    """A file of offers that is about to be uploaded: CSV with a first line of column names, or one JSON object in each
    line with the same names. Columns: sku, price, stock; product_id, or title, description and category;
    expected_stock."""

    format: ImportFormat = Field(strict=False)


class ImportBody(BaseModel):
    """An import and how far it is. Each row counts once: as created, changed, unchanged or failed."""

    import_id: str
    state: ImportState
    format: ImportFormat
    created_at: datetime
    finished_at: datetime | None
    size_bytes: int | None
    read_bytes: int
    read_lines: int
    created: int
    changed: int
    unchanged: int
    failed: int
    failure: str | None

    @classmethod
    def of(cls, job: Import) -> ImportBody:
        return cls(
            import_id=job.import_id,
            state=job.state,
            format=job.format,
            created_at=job.created_at,
            finished_at=job.finished_at,
            size_bytes=job.size,
            read_bytes=job.position.offset,
            read_lines=job.position.line,
            created=job.counts.created,
            changed=job.counts.changed,
            unchanged=job.counts.unchanged,
            failed=job.counts.failed,
            failure=job.failure,
        )


class ExpectedImportBody(BaseModel):
    """The import, waiting for its file."""

    job: ImportBody
    upload: UploadBody


class ImportPageBody(BaseModel):
    """A seller's imports, the newest first; `next_before` is null on the last page."""

    items: list[ImportBody]
    next_before: datetime | None


class RowErrorBody(BaseModel):
    """Why a line was left out: `code` for programs, `message` for people."""

    line: int
    code: str
    column: str | None
    message: str

    @classmethod
    def of(cls, error: RowError) -> RowErrorBody:
        return cls(line=error.line, code=error.code, column=error.column, message=error.message)


class RowErrorsBody(BaseModel):
    """Errors by line; `next_after` is null on the last page. Of very many only the first are kept, all are counted."""

    items: list[RowErrorBody]
    next_after: int | None


@router.post("", status_code=201, summary="Import offers: a signed form to upload the file with")
async def start_import(catalog: CatalogDependency, caller: SignedInSeller, body: ImportRequest) -> ExpectedImportBody:
    expected = await expect_import(catalog.imports, catalog.files, caller.user_id, body.format)
    return ExpectedImportBody(job=ImportBody.of(expected.job), upload=UploadBody.of(expected.upload))


@router.get("", summary="Your imports, the newest first")
async def list_imports(
    catalog: CatalogDependency,
    caller: SignedInSeller,
    limit: Limit = 24,
    before: Annotated[AwareDatetime | None, Query()] = None,
) -> ImportPageBody:
    jobs = await catalog.imports.of_seller(caller.user_id, limit, before)
    following = jobs[-1].created_at if len(jobs) == limit else None
    return ImportPageBody(items=[ImportBody.of(job) for job in jobs], next_before=following)


@router.get("/{import_id}", summary="How far an import is, and what its rows did")
async def read_import(catalog: CatalogDependency, caller: SignedInSeller, import_id: ImportId) -> ImportBody:
    return ImportBody.of(await catalog.imports.get(import_id, caller.user_id))


@router.get("/{import_id}/errors", summary="What was wrong, line by line")
async def list_errors(
    catalog: CatalogDependency,
    caller: SignedInSeller,
    import_id: ImportId,
    limit: Limit = 100,
    after: Annotated[QueryInteger, Query(ge=0)] = 0,
) -> RowErrorsBody:
    await catalog.imports.get(import_id, caller.user_id)
    errors = await catalog.imports.errors(import_id, after, limit)
    following = errors[-1].line if len(errors) == limit else None
    return RowErrorsBody(items=[RowErrorBody.of(error) for error in errors], next_after=following)
