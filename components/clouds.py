"""The clouds of the mapping: the one table that says what a cloud is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, kw_only=True)
class CloudEntry:
    """One cloud. Its modules are named, not imported: choosing one cloud loads nothing of another."""

    id: str
    """The value of `marketplace:cloud`, and the name of each component's file for it."""
    label: str
    """As people write it."""
    package: str
    """The Pulumi package of its resources: the first word of their type tokens."""
    sdk: str
    """The Python distribution of that package."""
    settings: str | None = None
    """`module:class` of its own settings; `None` while there are no components for it."""
    components: str | None = None
    """`module:name` of its `Cloud`, the class for each contract."""


_ENTRIES = (
    CloudEntry(
        id="aws",
        label="AWS",
        package="aws",
        sdk="pulumi-aws",
        settings="components.aws.settings:AwsSettings",
        components="components.aws.cloud:CLOUD",
    ),
    CloudEntry(id="azure", label="Azure", package="azure-native", sdk="pulumi-azure-native"),
    CloudEntry(id="gcp", label="GCP", package="gcp", sdk="pulumi-gcp"),
)

CLOUDS: Final[Mapping[str, CloudEntry]] = MappingProxyType({entry.id: entry for entry in _ENTRIES})
"""Every cloud by id, in the order of the mapping table's columns."""

AVAILABLE: Final = tuple(entry.id for entry in _ENTRIES if entry.components)
"""Ids of the clouds that this release has components for."""
