"""Signature version 4 for requests to OpenSearch, with the process's own role."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from commerce.adapters.aws.session import session
from commerce.errors import InvalidRequest

_REFRESH_SECONDS = 15 * 60
"""Credentials of a role are asked for again this long before they end, off the event loop."""


class SigV4Signer:
    """`commerce.ports.RequestSigner` for the service `es` (a domain) or `aoss` (a serverless collection)."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._credentials: Credentials | None = None

    async def __call__(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Mapping[str, str]:
        if self._credentials is None or self._must_be_refreshed(self._credentials):
            self._credentials = await asyncio.to_thread(self._load)
        region = session().region_name
        request = AWSRequest(method=method, url=url, headers=dict(headers), data=body)
        request.headers["x-amz-content-sha256"] = hashlib.sha256(body).hexdigest()
        SigV4Auth(self._credentials.get_frozen_credentials(), self._service, region).add_auth(request)
        return dict(request.headers.items())

    def _load(self) -> Credentials:
        credentials = session().get_credentials()
        if credentials is None or session().region_name is None:
            raise InvalidRequest("Signing needs AWS credentials and AWS_REGION in the environment.")
        # Reading them refreshes the ones that end soon, which is a request of its own.
        credentials.get_frozen_credentials()
        return credentials

    @staticmethod
    def _must_be_refreshed(credentials: Credentials) -> bool:
        refresh_needed = getattr(credentials, "refresh_needed", None)
        return bool(refresh_needed and refresh_needed(_REFRESH_SECONDS))
