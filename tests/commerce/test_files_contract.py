"""What every store of files does, in memory and in S3."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import boto3
import httpx
import pytest

from commerce.adapters.aws import S3Files
from commerce.adapters.aws.session import session
from commerce.adapters.memory import MemoryFiles
from commerce.errors import InvalidRequest
from commerce.ports import FileNotThere, Files, SignedUpload
from toolkit.local.cloud.moto import MotoServer

SOON = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Store:
    files: Files
    send: Callable[[SignedUpload, bytes], Awaitable[bool]]
    """Sends the form as a browser does; whether the store took it."""


@pytest.fixture(params=["memory", "s3"])
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Store:
    if request.param == "memory":
        files = MemoryFiles()

        async def receive(upload: SignedUpload, content: bytes) -> bool:
            try:
                files.receive(upload.fields, content)
            except InvalidRequest:
                return False
            return True

        return Store(files=files, send=receive)
    server: MotoServer = request.getfixturevalue("moto_server")
    for name, value in {
        "AWS_ENDPOINT_URL": server.url,
        "AWS_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }.items():
        monkeypatch.setenv(name, value)
    session.cache_clear()
    request.addfinalizer(session.cache_clear)
    bucket = f"files-{uuid.uuid4().hex}"
    boto3.client("s3", region_name="us-east-1").create_bucket(Bucket=bucket)
    return Store(files=S3Files(bucket), send=post)


async def post(upload: SignedUpload, content: bytes) -> bool:
    async with httpx.AsyncClient(trust_env=False) as browser:
        response = await browser.post(upload.url, data=dict(upload.fields), files={"file": ("a.bin", content)})
    assert response.status_code in (204, 400, 403), response.text
    return response.status_code == 204


async def content_of(files: Files, key: str, start: int = 0) -> bytes:
    return b"".join([part async for part in files.read(key, start)])


async def test_a_signed_form_puts_one_file_of_an_allowed_size(store: Store) -> None:
    upload = await store.files.sign_upload("uploads/a", content_type="image/png", most_bytes=8, ttl=SOON)
    assert upload.fields["Content-Type"] == "image/png"
    assert timedelta(0) < upload.expires_at - datetime.now(UTC) <= SOON
    for refused in (b"", b"123456789"):
        assert not await store.send(upload, refused)
        assert await store.files.size("uploads/a") is None
    assert await store.send(upload, b"12345678")
    assert await store.files.size("uploads/a") == 8
    assert await content_of(store.files, "uploads/a") == b"12345678"


async def test_a_file_is_read_from_any_byte_on(store: Store) -> None:
    content = bytes(range(256)) * 1_024
    await store.files.write("images/b", content, content_type="image/webp")
    for start in (0, 1, 200_000, len(content)):
        assert await content_of(store.files, "images/b", start) == content[start:]


async def test_a_file_that_is_not_there_is_said_so(store: Store) -> None:
    assert await store.files.size("uploads/none") is None
    with pytest.raises(FileNotThere):
        await content_of(store.files, "uploads/none")


async def test_files_are_deleted_whether_they_are_there_or_not(store: Store) -> None:
    await store.files.write("images/c", b"c", content_type="image/webp")
    await store.files.delete(["images/c", "images/d"])
    assert await store.files.size("images/c") is None
    await store.files.delete([])


async def test_a_form_is_for_the_key_and_type_that_were_signed(store: Store) -> None:
    if isinstance(store.files, MemoryFiles):
        return  # its form holds nothing else to change
    upload = await store.files.sign_upload("uploads/e", content_type="image/png", most_bytes=8, ttl=SOON)
    for name, value in {"Content-Type": "text/html", "key": "images/e"}.items():
        changed = SignedUpload(url=upload.url, fields={**upload.fields, name: value}, expires_at=upload.expires_at)
        assert not await store.send(changed, b"1234")
    late = await store.files.sign_upload("uploads/e", content_type="image/png", most_bytes=8, ttl=timedelta(0))
    assert not await store.send(late, b"1234")


async def test_pictures_may_be_cached_for_ever(store: Store) -> None:
    if isinstance(store.files, S3Files):
        await store.files.write("images/f", b"f", content_type="image/webp")
        head = session().client("s3").head_object(Bucket=store.files._bucket, Key="images/f")
        assert (head["CacheControl"], head["ContentType"]) == ("public, max-age=31536000, immutable", "image/webp")
