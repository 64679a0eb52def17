"""What a cloud is: the one table of their names and of the Pulumi SDK each is made with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, kw_only=True)
class CloudEntry:
    """One cloud."""

    id: str
    """As the setting `marketplace:cloud` names it."""
    label: str
    """As people write it."""
    package: str
    """Pulumi package of its resources."""
    sdk: str
    """Distribution of that package's Python SDK."""


_ENTRIES = (
    CloudEntry(id="aws", label="AWS", package="aws", sdk="pulumi-aws"),
    CloudEntry(id="azure", label="Azure", package="azure-native", sdk="pulumi-azure-native"),
    CloudEntry(id="gcp", label="GCP", package="gcp", sdk="pulumi-gcp"),
)

CLOUDS: Final[Mapping[str, CloudEntry]] = MappingProxyType({entry.id: entry for entry in _ENTRIES})
"""Every cloud by id."""
