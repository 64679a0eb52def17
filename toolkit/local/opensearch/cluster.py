"""Indexes, aliases and index templates, kept in one folder."""

from __future__ import annotations

import fnmatch
import json
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from toolkit.local.opensearch.refusal import Refusal, no_such_index
from toolkit.local.opensearch.stored_index import StoredIndex, Write

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,254}")


class Cluster:
    """Everything that the server knows. Not for two threads at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "cluster.json"
        folder.mkdir(parents=True, exist_ok=True)
        kept = json.loads(self._file.read_text()) if self._file.exists() else {}
        self.templates: dict[str, dict[str, Any]] = kept.get("templates", {})
        self.aliases: dict[str, set[str]] = {name: set(of) for name, of in kept.get("aliases", {}).items()}
        self._settings: dict[str, dict[str, Any]] = kept.get("indexes", {})
        self._indexes = {name: self._open(name) for name in self._settings}

    def close(self) -> None:
        for index in self._indexes.values():
            index.close()

    def put_template(self, name: str, template: dict[str, Any]) -> None:
        """For the indexes that are created from now on."""
        if not template.get("index_patterns"):
            raise Refusal(400, "action_request_validation_exception", "index patterns are missing")
        self.templates[name] = template
        self._save()

    def create(self, name: str, body: Mapping[str, Any]) -> None:
        """An empty index, with what the templates that fit its name say."""
        if not _NAME.fullmatch(name):
            raise Refusal(400, "invalid_index_name_exception", f"Invalid index name [{name}]")
        if name in self._indexes or name in self.aliases:
            raise Refusal(400, "resource_already_exists_exception", f"index [{name}] already exists")
        settings: dict[str, Any] = {}
        mappings: dict[str, Any] = {}
        for template in self.templates.values():
            if any(fnmatch.fnmatchcase(name, pattern) for pattern in template["index_patterns"]):
                settings |= template.get("template", {}).get("settings", {})
                mappings |= template.get("template", {}).get("mappings", {})
        settings |= body.get("settings", {})
        self._settings[name] = {"settings": settings, "mappings": mappings | body.get("mappings", {})}
        try:
            self._indexes[name] = self._open(name)
        except Refusal:
            del self._settings[name]
            raise
        for alias in body.get("aliases", {}):
            self.aliases.setdefault(alias, set()).add(name)
        self._save()

    def delete(self, name: str) -> None:
        """An index with its documents."""
        if name not in self._indexes:
            raise no_such_index(name)
        self._remove(name)
        self._save()

    def change_aliases(self, actions: Sequence[Mapping[str, Any]]) -> None:
        """All of the actions or none of them."""
        aliases = {name: set(of) for name, of in self.aliases.items()}
        gone = [str(one["remove_index"]["index"]) for one in actions if "remove_index" in one]
        for action in actions:
            [(kind, about)] = action.items()
            name = str(about.get("index"))
            if name not in self._indexes:
                raise no_such_index(name)
            if kind == "add":
                aliases.setdefault(str(about["alias"]), set()).add(name)
            elif kind == "remove" and name in aliases.get(str(about["alias"]), ()):
                aliases[str(about["alias"])].discard(name)
            elif kind != "remove_index":
                raise Refusal(404, "aliases_not_found_exception", f"aliases [{about.get('alias')}] missing")
        self.aliases = {alias: left for alias, of in aliases.items() if (left := of - set(gone))}
        for name in gone:
            self._remove(name)
        self._save()

    def named(self, expression: str) -> dict[str, StoredIndex]:
        """The indexes behind a name, an alias or a pattern. Raises Refusal where a plain name is nobody's."""
        if "*" in expression:
            return {name: one for name, one in self._indexes.items() if fnmatch.fnmatchcase(name, expression)}
        names = self.aliases.get(expression, {expression} & self._indexes.keys())
        if not names:
            raise no_such_index(expression)
        return {name: self._indexes[name] for name in sorted(names)}

    def one(self, expression: str) -> StoredIndex:
        """The single index behind a name or an alias."""
        [*several] = self.named(expression).values()
        if len(several) != 1:
            raise Refusal(400, "illegal_argument_exception", f"[{expression}] stands for {len(several)} indexes")
        return several[0]

    def described(self, expression: str) -> dict[str, dict[str, Any]]:
        """Mappings, settings and aliases of the indexes behind an expression."""
        return {
            name: {
                "aliases": {alias: {} for alias, of in sorted(self.aliases.items()) if name in of},
                **self._settings[name],
            }
            for name in self.named(expression)
        }

    def bulk(self, items: Sequence[tuple[str, bool, Write]]) -> list[tuple[str, Refusal | str]]:
        """Writes items (index or alias, whether it must be an alias, what). The index and the outcome of each."""
        outcomes: dict[int, tuple[str, Refusal | str]] = {}
        batches: dict[str, list[int]] = {}
        for number, (expression, alias_only, _) in enumerate(items):
            try:
                if alias_only and expression not in self.aliases:
                    reason = f"no such index [{expression}] and [require_alias] request flag is [true]"
                    raise Refusal(404, "index_not_found_exception", reason)
                [(name, _index)] = self.named(expression).items()
                batches.setdefault(name, []).append(number)
            except Refusal as refusal:
                outcomes[number] = (expression, refusal)
        for name, numbers in batches.items():
            written = self._indexes[name].write([items[number][2] for number in numbers])
            outcomes |= {number: (name, outcome) for number, outcome in zip(numbers, written, strict=True)}
        return [outcomes[number] for number in range(len(items))]

    def _open(self, name: str) -> StoredIndex:
        return StoredIndex(self._folder / "indexes" / name, self._settings[name]["mappings"])

    def _remove(self, name: str) -> None:
        self._indexes.pop(name).close()
        del self._settings[name]
        self.aliases = {alias: left for alias, of in self.aliases.items() if (left := of - {name})}
        shutil.rmtree(self._folder / "indexes" / name)

    def _save(self) -> None:
        kept = {
            "templates": self.templates,
            "aliases": {name: sorted(of) for name, of in self.aliases.items()},
            "indexes": self._settings,
        }
        part = self._file.with_suffix(".part")
        part.write_text(json.dumps(kept, indent=1))
        part.replace(self._file)
