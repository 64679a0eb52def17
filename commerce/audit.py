"""The audit log: who did what to whom, when and why. Every action of support and administrators is in it, written in
the transaction of the action itself; nothing in it is ever changed or deleted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from commerce.errors import InvalidRequest

Facts = Mapping[str, str | int | float | bool | None]
MAXIMUM_REASON = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One action. `before` and `after` are the facts that it changed."""

    actor_id: str
    role: str
    action: str
    subject_type: str
    subject_id: str
    reason: str
    happened_at: datetime
    before: Facts = field(default_factory=dict)
    after: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedEntry:
    """An entry with its number; later entries have higher ones."""

    entry_id: int
    entry: AuditEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditQuery:
    """Which entries are looked for; None takes any."""

    actor_id: str | None = None
    action: str | None = None
    subject_type: str | None = None
    subject_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    """Newest first. `next_cursor` is opaque, null on the last page."""

    items: tuple[RecordedEntry, ...]
    next_cursor: str | None


def matches(entry: AuditEntry, query: AuditQuery) -> bool:
    """Whether an entry is looked for. The SQL of the PostgreSQL adapter repeats this rule."""
    wanted = ("actor_id", "action", "subject_type", "subject_id")
    return (
        all(getattr(query, name) in (None, getattr(entry, name)) for name in wanted)
        and (query.since is None or entry.happened_at >= query.since)
        and (query.until is None or entry.happened_at < query.until)
    )


def entry_id_of(cursor: str | None) -> int | None:
    """The entry that a cursor stands behind. Raises InvalidRequest for a text that is no cursor."""
    if cursor is None:
        return None
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 18:
        raise InvalidRequest("This cursor is not one of ours: start again without a cursor.")
    return int(cursor)
