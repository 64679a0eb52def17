"""Addresses of images in ECR, read without AWS's SDK: a stack's settings are checked before one is loaded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_ADDRESS: Final = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?"
    r"/(?P<repository>[a-z0-9][a-z0-9._/-]*)(?=[:@])(?::[\w][\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?"
)


@dataclass(frozen=True, kw_only=True)
class EcrAddress:
    """Where an image is."""

    account: str
    region: str
    repository: str


def ecr_address(uri: str) -> EcrAddress | None:
    """The parts of an address with a tag or a digest; `None` for an image that is elsewhere."""
    found = _ADDRESS.fullmatch(uri)
    return EcrAddress(**found.groupdict()) if found else None
