"""One index: documents with external versions in a folder of tantivy."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import tantivy
from tantivy import Order

from toolkit.local.opensearch.fields import Fields
from toolkit.local.opensearch.queries import Queries
from toolkit.local.opensearch.refusal import Refusal, bad_query

WRITER_BYTES: Final = 15_000_000
"""The least that tantivy takes."""
MOST_HITS: Final = 10_000
"""OpenSearch's `index.max_result_window`."""
_SEARCH_OPTIONS: Final = frozenset(
    {"query", "size", "sort", "search_after", "track_total_hits", "_source", "aggs", "timeout"}
)


@dataclass(frozen=True, kw_only=True)
class Write:
    """One item of a bulk request."""

    id: str
    version: int
    source: Mapping[str, Any]


class StoredIndex:
    """One thread writes; any can search meanwhile."""

    def __init__(self, folder: Path, mappings: Mapping[str, Any]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.mappings = mappings
        self._fields = Fields.of(mappings)
        schema = self._fields.schema()
        self._index = tantivy.Index(schema, path=str(folder))
        self._queries = Queries(self._fields, schema)
        self._writer = self._index.writer(WRITER_BYTES, 1)

    def close(self) -> None:
        """Gives the folder back."""
        self._writer.wait_merging_threads()

    def write(self, writes: Sequence[Write]) -> list[Refusal | str]:
        """Writes in order; for each what became of it: `created`, `updated`, or a refusal."""
        known = self._versions([one.id for one in writes])
        outcomes = [self._write(one, known) for one in writes]
        self._writer.commit()
        self._index.reload()
        return outcomes

    def count(self) -> int:
        """How many documents there are."""
        return _count(self._index.searcher(), tantivy.Query.all_query())

    def source(self, id: str) -> tuple[int, dict[str, Any]] | None:
        """Version and source of a document."""
        searcher = self._index.searcher()
        for _, address in searcher.search(self._queries.by_id([id]), 1).hits:
            kept = _Kept.of(searcher.doc(address))
            return kept.version, kept.source
        return None

    def search(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The `hits` and `aggregations` of an answer. Raises Refusal for what is not known here."""
        if unknown := body.keys() - _SEARCH_OPTIONS:
            raise bad_query(f"Unknown key for a search: {sorted(unknown)}")
        size = int(body.get("size", 10))
        if size > MOST_HITS:
            raise Refusal(400, "illegal_argument_exception", f"Result window is too large, at most {MOST_HITS}")
        asked = body.get("query") or {"match_all": {}}
        query = self._queries.query(asked)
        searcher = self._index.searcher()
        total, hits = self._hits(searcher, query, body, size, scored=self._queries.scored(asked))
        most = body.get("track_total_hits", MOST_HITS)
        limit = total if most is True else int(most)
        answer: dict[str, Any] = {
            "hits": {
                "total": {"value": min(total, limit), "relation": "eq" if total <= limit else "gte"},
                "hits": hits,
            }
        }
        if body.get("aggs"):
            answer["aggregations"] = searcher.aggregate(query, body["aggs"])
        return answer

    def _write(self, write: Write, known: dict[str, int]) -> Refusal | str:
        version = known.get(write.id, -1)
        if write.version <= version:
            reason = f"[{write.id}]: version conflict, current version [{version}] is higher or equal"
            return Refusal(409, "version_conflict_engine_exception", reason)
        try:
            document = self._fields.document(write.id, write.version, write.source)
        except Refusal as refusal:
            return refusal
        self._writer.delete_documents_by_term("_id", write.id)
        self._writer.add_document(document)
        known[write.id] = write.version
        return "created" if version < 0 else "updated"

    def _versions(self, ids: Sequence[str]) -> dict[str, int]:
        searcher = self._index.searcher()
        found = searcher.search(self._queries.by_id(ids), max(1, len(set(ids))))
        documents = [_Kept.of(searcher.doc(address)) for _, address in found.hits]
        return {kept.id: kept.version for kept in documents}

    def _hits(
        self, searcher: tantivy.Searcher, query: tantivy.Query, body: Mapping[str, Any], size: int, *, scored: bool
    ) -> tuple[int, list[dict[str, Any]]]:
        """How many documents fit, and those after `search_after`, in their order."""
        by, tie = _sort(body)
        after = body.get("search_after")
        descending = by.get("order") == "desc"
        total: int | None = None
        # Where all scores are the same, the order is that of the ids.
        field = tie if by["field"] == "_score" and not scored else by["field"]
        start = None if after is None else _ordered(after, descending=descending)
        most = size + 8
        while True:
            found: Any = self._best(
                searcher, query, field, most, descending=descending and field != tie, count=total is None
            )
            total = int(found.count or 0) if total is None else total
            hits = [_Found.of(1.0 if field == tie else value, searcher.doc(address)) for value, address in found.hits]
            hits.sort(key=lambda hit: _ordered(hit.sort, descending=descending))
            following = [hit for hit in hits if start is None or _ordered(hit.sort, descending=descending) > start]
            # Of documents with the value of the last one some may be missing: the page must end before them.
            ended = len(following) > size and (field == tie or following[size - 1].value != hits[-1].value)
            if len(found.hits) < most or ended or not size:
                return total, [hit.told(body.get("_source", True)) for hit in following[:size]]
            most *= 4

    def _best(
        self, searcher: tantivy.Searcher, query: tantivy.Query, field: str, most: int, *, descending: bool, count: bool
    ) -> tantivy.SearchResult:
        if field == "_score":
            return searcher.search(query, most, count=count, weight_by_field="_tie")
        if self._fields.types.get(field) not in {"long", "keyword"}:
            raise bad_query(f"this server sorts by _score, long and keyword fields, not by [{field}]")
        order = Order.Desc if descending else Order.Asc
        return searcher.search(query, most, count=count, order_by_field=field, order=order)


@dataclass(frozen=True, slots=True)
class _Found:
    """A document that fits. Its source is read when it is told: twice as many are found as are told."""

    value: float
    id: str
    source: Any

    @classmethod
    def of(cls, value: float, document: tantivy.Document) -> _Found:
        values: dict[str, Any] = document.to_dict()
        return cls(value, values["_id"][0], values["_source"][0])

    @property
    def sort(self) -> tuple[float, str]:
        return self.value, self.id

    def told(self, wanted: Any) -> dict[str, Any]:
        source = json.loads(bytes(self.source))
        if isinstance(wanted, list):
            source = {name: one for name, one in source.items() if name in wanted}
        return {"_id": self.id, "_source": source, "sort": [self.value, self.id]}


@dataclass(frozen=True, kw_only=True)
class _Kept:
    """What tantivy keeps of a document besides its searched fields."""

    id: str
    version: int
    source: dict[str, Any]

    @classmethod
    def of(cls, document: tantivy.Document) -> _Kept:
        values: dict[str, Any] = document.to_dict()
        [id], [version], [source] = values["_id"], values["_version"], values["_source"]
        return cls(id=id, version=version, source=json.loads(bytes(source)))


def _count(searcher: tantivy.Searcher, query: tantivy.Query) -> int:
    found: Any = searcher.search(query, 1)
    return int(found.count or 0)


def _sort(body: Mapping[str, Any]) -> tuple[dict[str, str], str]:
    """What hits are sorted by first, and the keyword that is their id, by which equal ones are."""
    sort = body.get("sort", [{"_score": "desc"}, {"product_id": "asc"}])
    match sort:
        case [{**first}, {**second}] if len(first) == len(second) == 1 and list(second.values()) == ["asc"]:
            [(field, order)] = first.items()
            return {"field": str(field), "order": str(order)}, str(next(iter(second)))
    raise bad_query("this server sorts by one field and then by the id, ascending")


def _ordered(sort: Sequence[Any], *, descending: bool) -> tuple[float, str]:
    return (-sort[0] if descending else sort[0], sort[1])
