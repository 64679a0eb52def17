"""Files in a bucket of S3."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError, ReadTimeoutError, ResponseStreamingError

from commerce.adapters.aws.session import CONFIG, ServiceOverloaded, overload_as_outage, session
from commerce.ports import FileNotThere, SignedUpload

PART_BYTES = 1024 * 1024
MOST_DELETED = 1_000
"""S3 deletes so many with one request."""
FOR_EVER = "public, max-age=31536000, immutable"
_MISSING = frozenset({"404", "NoSuchKey"})
# The regional endpoint: the global one redirects, and a redirected upload is refused by browsers.
_CONFIG = CONFIG.merge(
    Config(
        signature_version="s3v4",
        s3={"us_east_1_regional_endpoint": "regional"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
)


class S3Files:
    """`commerce.ports.Files` over the bucket `bucket`. boto3 blocks, so each call runs in a thread."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket
        self._client = session().client("s3", config=_CONFIG)

    async def sign_upload(self, key: str, *, content_type: str, most_bytes: int, ttl: timedelta) -> SignedUpload:
        expires_at = datetime.now(UTC) + ttl
        # A form, because a signed PUT cannot limit the size. In a thread: the credentials may have to be renewed.
        form = await asyncio.to_thread(
            self._client.generate_presigned_post,
            self._bucket,
            key,
            Fields={"Content-Type": content_type},
            Conditions=[{"Content-Type": content_type}, ["content-length-range", 1, most_bytes]],
            ExpiresIn=int(ttl.total_seconds()),
        )
        return SignedUpload(url=form["url"], fields=form["fields"], expires_at=expires_at)

    async def size(self, key: str) -> int | None:
        try:
            with overload_as_outage():
                answer = await asyncio.to_thread(self._client.head_object, Bucket=self._bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in _MISSING:
                return None
            raise
        return answer["ContentLength"]

    async def read(self, key: str, start: int = 0) -> AsyncIterator[bytes]:
        body = await self._open(key, start)
        if body is None:
            return
        try:
            while part := await asyncio.to_thread(body.read, PART_BYTES):
                yield part
        except (ReadTimeoutError, ResponseStreamingError) as error:
            raise ServiceOverloaded(str(error)) from error
        finally:
            body.close()

    async def _open(self, key: str, start: int) -> Any:
        try:
            with overload_as_outage():
                answer = await asyncio.to_thread(
                    self._client.get_object, Bucket=self._bucket, Key=key, Range=f"bytes={start}-"
                )
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in _MISSING:
                raise FileNotThere(key) from error
            if code == "InvalidRange":  # it ends before
                return None
            raise
        return answer["Body"]

    async def write(self, key: str, content: bytes, *, content_type: str) -> None:
        with overload_as_outage():
            await asyncio.to_thread(
                self._client.put_object,
                Bucket=self._bucket,
                Key=key,
                Body=content,
                ContentType=content_type,
                CacheControl=FOR_EVER,
            )

    async def delete(self, keys: Collection[str]) -> None:
        named = list(keys)
        for first in range(0, len(named), MOST_DELETED):
            objects = [{"Key": key} for key in named[first : first + MOST_DELETED]]
            with overload_as_outage():
                await asyncio.to_thread(self._delete, objects)

    def _delete(self, objects: list[Any]) -> None:
        answer = self._client.delete_objects(Bucket=self._bucket, Delete={"Objects": objects, "Quiet": True})
        if failed := answer.get("Errors"):
            raise ServiceOverloaded(f"{len(failed)} files were not deleted: {failed[0].get('Code')}")
