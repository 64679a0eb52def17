"""A CloudFront distribution as the gateway serves it, with the rules of its firewall."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

API = "api"
"""The origin that is the HTTP API; every other is the name of a bucket."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Behavior(_Part):
    """What happens to requests whose path matches."""

    pattern: str
    """`/orders/*`, where `*` stands for any characters; `*` alone for the default behavior."""
    origin: str
    methods: tuple[str, ...]

    @property
    def expression(self) -> re.Pattern[str]:
        """Of the paths; unlike a shell's, CloudFront's patterns have no brackets."""
        return re.compile(fnmatch.translate(self.pattern.replace("[", "[[]")))


class Distribution(_Part):
    """The distribution, its behaviors in the order in which they are tried."""

    behaviors: tuple[Behavior, ...]
    start_page: str = ""
    """The object that `/` stands for."""
    headers: Mapping[str, str] = {}
    """What its response headers policy adds to every answer."""
    origin_headers: Mapping[str, str] = {}
    """What it adds to every request to the API, in place of what the caller sent."""
    rules: tuple[Mapping[str, Any], ...] = ()
    """The firewall's, as they were declared."""
