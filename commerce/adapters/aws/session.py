"""The one boto3 session of the process. `AWS_ENDPOINT_URL`, credentials and role come from the environment."""

from __future__ import annotations

import os
from functools import cache

import boto3
from botocore import exceptions
from botocore.config import Config

# The service could not be reached, or did not answer in time.
OUTAGES: tuple[type[Exception], ...] = (exceptions.HTTPClientError, exceptions.ConnectionError)
CONFIG = Config(
    connect_timeout=3,
    read_timeout=10,
    max_pool_connections=32,
    retries={"mode": "standard", "max_attempts": 4},
)


@cache
def session() -> boto3.Session:
    """boto3 reads AWS_DEFAULT_REGION only; containers are given AWS_REGION."""
    return boto3.Session(region_name=os.environ.get("AWS_REGION"))
