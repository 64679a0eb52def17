"""Apply the schema's versioned SQL files, once each, in order, and notice when one was changed afterwards."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from commerce.errors import InvariantBroken

MIGRATIONS = Path(__file__).with_name("migrations")
_FILE = re.compile(r"(?P<version>\d{4})_(?P<name>[a-z0-9_]+)\.sql")
_LOCK = 0x6D61726B6574  # any constant: concurrent migrations of one database wait for each other on it

_JOURNAL = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    version integer PRIMARY KEY,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One file `NNNN_name.sql`; `checksum` is the SHA-256 of its text with Unix line ends."""

    version: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.replace("\r\n", "\n").encode()).hexdigest()


class MigrationTampered(InvariantBroken):
    """The files and the database's own journal of what was applied do not agree. Nothing was changed."""

    code = "migration-tampered"
    title = "The migrations do not match what was applied"


class MigrationsDiffer(InvariantBroken):
    """The deployment was written with other migrations than this code has. Nothing was changed."""

    code = "migrations-differ"
    title = "This code has other migrations than the deployment"

    def __init__(self, wanted: str, own: str) -> None:
        super().__init__(
            f"The deployment asks for the migrations with the digest {wanted[:12]}, this image has {own[:12]}. "
            "Build and push the image of the same commit, then deploy again.",
            wanted=wanted,
            own=own,
        )


def digest(folder: Path = MIGRATIONS) -> str:
    """SHA-256 of the SQL files' names and contents: the rule by which the deployment knows its migrations."""
    content = hashlib.sha256()
    for file in sorted(folder.glob("*.sql")):
        content.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return content.hexdigest()


def read_migrations(folder: Path = MIGRATIONS) -> tuple[Migration, ...]:
    """The migrations of a folder in order. Raises MigrationTampered for a gap, a double or a misnamed file."""
    migrations = []
    for path in sorted(folder.glob("*.sql")):
        match = _FILE.fullmatch(path.name)
        if match is None:
            raise MigrationTampered(f"{path.name} is not named NNNN_name.sql.")
        migrations.append(Migration(version=int(match["version"]), name=match["name"], sql=path.read_text("utf-8")))
    versions = [migration.version for migration in migrations]
    if versions != list(range(1, len(versions) + 1)):
        raise MigrationTampered(f"Migrations are numbered from 0001 without a gap; found {versions}.")
    return tuple(migrations)


async def migrate(connection: asyncpg.Connection, migrations: Sequence[Migration] | None = None) -> tuple[str, ...]:
    """Bring the database up to date; returns the names of what was applied now, empty when there was nothing to do.

    Each file runs in its own transaction together with its journal row; concurrent runs wait for one another.
    Raises MigrationTampered when an applied file was edited or removed.
    """
    wanted = read_migrations() if migrations is None else tuple(migrations)
    await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
    try:
        await connection.execute(_JOURNAL)
        applied = await connection.fetch("SELECT version, name, checksum FROM schema_migrations ORDER BY version")
        for row, migration in zip(applied, wanted, strict=False):
            if (row["version"], row["checksum"]) != (migration.version, migration.checksum):
                raise MigrationTampered(
                    f"Migration {row['version']:04d}_{row['name']} was edited after it had been applied. "
                    "Restore the file and write the change as a new migration.",
                    version=row["version"],
                )
        if len(applied) > len(wanted):
            raise MigrationTampered(
                f"The database has {len(applied)} migrations, this version of the code knows {len(wanted)}. "
                "Deploy the newer code.",
            )
        pending = wanted[len(applied) :]
        for migration in pending:
            async with connection.transaction():
                await connection.execute(migration.sql)
                await connection.execute(
                    "INSERT INTO schema_migrations (version, name, checksum) VALUES ($1, $2, $3)",
                    migration.version,
                    migration.name,
                    migration.checksum,
                )
    finally:
        await connection.execute("SELECT pg_advisory_unlock($1)", _LOCK)
    return tuple(migration.name for migration in pending)
