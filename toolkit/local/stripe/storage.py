"""The double's state: one SQLite file, one transaction per request, committed before the answer is sent."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from toolkit.errors import ToolkitError

Json = dict[str, Any]

SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE objects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX objects_by_kind ON objects (account, kind, seq);
CREATE TABLE answers (
    account TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    request_id TEXT NOT NULL,
    status INTEGER NOT NULL,
    body TEXT NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (account, key)
);
CREATE TABLE available (
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (account, currency)
);
CREATE TABLE pending (
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount INTEGER NOT NULL,
    available_on INTEGER NOT NULL
);
CREATE INDEX pending_by_date ON pending (account, available_on);
CREATE TABLE deliveries (
    event TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    due REAL NOT NULL,
    state TEXT NOT NULL DEFAULT 'pending',
    answer TEXT,
    PRIMARY KEY (event, endpoint)
);
CREATE INDEX deliveries_by_due ON deliveries (state, due);
"""


class Store:
    """Objects by id and by kind, locked for one process. Not for use by several threads."""

    def __init__(self, folder: Path) -> None:
        path = folder / "stripe.sqlite3"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.connection = sqlite3.connect(path, isolation_level=None, timeout=0.5)
            # The write-ahead log survives the death of this process; only a power cut could lose the last commits.
            self.connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            self.connection.execute("PRAGMA journal_mode = WAL")
            self.connection.execute("PRAGMA synchronous = NORMAL")
            self._prepare(path)
        except OSError as error:
            raise ToolkitError(
                f"{folder} cannot be used as a state folder: {error}", next_step="Choose a folder you may write to"
            ) from error
        except sqlite3.OperationalError as error:
            raise ToolkitError(
                f"{path} cannot be opened for writing: {error}",
                next_step="Stop the other Stripe double on this state folder, or choose a folder you may write to",
            ) from error
        except sqlite3.DatabaseError as error:
            raise ToolkitError(
                f"{path} is not a state file: {error}", next_step="Delete the file; its test payments are lost"
            ) from error
        path.chmod(0o600)

    def _prepare(self, path: Path) -> None:
        version = self.connection.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            self.connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")
        elif version != SCHEMA_VERSION:
            raise ToolkitError(
                f"{path} was written by another version (schema {version}, expected {SCHEMA_VERSION})",
                next_step="Delete the file; its test payments are lost",
            )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is written together, or, when it raises, not at all."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def add(self, account: str, kind: str, body: Json) -> None:
        """Write a new object; `body["id"]` names it."""
        self.connection.execute(
            "INSERT INTO objects (id, account, kind, body) VALUES (?, ?, ?, ?)",
            (body["id"], account, kind, json.dumps(body, separators=(",", ":"))),
        )

    def save(self, body: Json) -> None:
        """Write an object that exists already."""
        self.connection.execute(
            "UPDATE objects SET body = ? WHERE id = ?", (json.dumps(body, separators=(",", ":")), body["id"])
        )

    def remove(self, identifier: str) -> None:
        """Delete an object."""
        self.connection.execute("DELETE FROM objects WHERE id = ?", (identifier,))

    def find(self, identifier: str, *, account: str, kind: str | None = None) -> Json | None:
        """The object with that id, if it belongs to `account` (and is of `kind`)."""
        row = self.connection.execute(
            "SELECT body, kind FROM objects WHERE id = ? AND account = ?", (identifier, account)
        ).fetchone()
        if row is None or (kind is not None and row[1] != kind):
            return None
        body: Json = json.loads(row[0])
        return body

    def position(self, identifier: str, *, account: str, kind: str) -> int | None:
        """The object's position in its list; later objects have higher ones."""
        row = self.connection.execute(
            "SELECT seq FROM objects WHERE id = ? AND account = ? AND kind = ?", (identifier, account, kind)
        ).fetchone()
        return None if row is None else int(row[0])

    def page(
        self,
        *,
        account: str,
        kind: str,
        equals: Mapping[str, str],
        created: Mapping[str, int],
        below: int | None,
        above: int | None,
        limit: int,
    ) -> list[Json]:
        """At most `limit` objects, newest first, below or just above a position.

        `equals` compares fields of the body, `created` maps "gt", "gte", "lt", "lte" or "eq" to seconds.
        """
        operators = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<=", "eq": "="}
        where, values = ["account = ?", "kind = ?"], [account, kind]
        bounds: list[int] = []
        for field, value in equals.items():
            where.append("json_extract(body, ?) = ?")
            values += [f"$.{field}", value]
        for name, seconds in created.items():
            where.append(f"json_extract(body, '$.created') {operators[name]} ?")
            bounds.append(seconds)
        for operator, position in (("<", below), (">", above)):
            if position is not None:
                where.append(f"seq {operator} ?")
                bounds.append(position)
        order = "ASC" if above is not None else "DESC"
        rows = self.connection.execute(
            f"SELECT body FROM objects WHERE {' AND '.join(where)} ORDER BY seq {order} LIMIT ?",  # noqa: S608
            (*values, *bounds, limit),
        ).fetchall()
        return [json.loads(row[0]) for row in rows]

    def close(self) -> None:
        """Release the file."""
        self.connection.close()
