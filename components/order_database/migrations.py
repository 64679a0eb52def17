"""Migrations: the schema and the users of the order database, brought up to date by each deployment.

A function that reads the administrator's secret, called once for the schema and once for each workload that is linked
to the database. Its event is `{"schema": <digest>, "roles": {<user>: <access>}}`, with the image and the database it is
for; it applies the migrations that are missing, then creates the users with the grants of their access (`reads`,
`reads-writes`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from components.component import Component
from components.errors import ComponentError
from components.workload import Handler


@dataclass(frozen=True, kw_only=True)
class MigrationsArgs:
    """Contract of the migrations."""

    workload: Handler
    folder: Path
    """Where the versioned SQL files are; a change among them runs the function again."""
    image: str
    """Address of the container image."""
    environment: dict[str, str] = field(default_factory=dict)
    """Values of the settings that the workload declares."""


class Migrations(Component):
    """A function that runs during a deployment."""


def digest(folder: Path) -> str:
    """SHA-256 of the SQL files' names and contents; raises `ComponentError` where there is none."""
    files = sorted(folder.glob("*.sql"))
    if not files:
        raise ComponentError(f"There are no migrations (*.sql) in {folder}.")
    content = hashlib.sha256()
    for file in files:
        content.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return content.hexdigest()
