"""The one boto3 session of the process. `AWS_ENDPOINT_URL`, credentials and role come from the environment."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http import HTTPStatus

import boto3
from botocore import exceptions
from botocore.config import Config


class ServiceOverloaded(Exception):
    """AWS throttled a request or failed, also on every retry of the client."""


# The service could not be reached, or did not answer in time.
OUTAGES: tuple[type[Exception], ...] = (exceptions.HTTPClientError, exceptions.ConnectionError, ServiceOverloaded)
_OVERLOADED = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
    }
)
CONFIG = Config(
    connect_timeout=3,
    read_timeout=10,
    max_pool_connections=32,
    retries={"mode": "standard", "max_attempts": 4},
)


@contextmanager
def overload_as_outage() -> Iterator[None]:
    """Raises ServiceOverloaded, which is one of `OUTAGES`, when AWS throttles a request or fails."""
    try:
        yield
    except exceptions.ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or error.response["Error"]["Code"] in _OVERLOADED:
            raise ServiceOverloaded(str(error)) from error
        raise


@cache
def session() -> boto3.Session:
    """boto3 reads AWS_DEFAULT_REGION only; containers are given AWS_REGION."""
    return boto3.Session(region_name=os.environ.get("AWS_REGION"))
