"""From OpenSearch's query language to tantivy's queries."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import tantivy
from tantivy import FieldType, Occur, Query

from toolkit.local.opensearch.fields import LONG, Fields
from toolkit.local.opensearch.refusal import bad_query

_WORD: Final = re.compile(r"\w+")
_EDIT_COST: Final = 0.5
"""A word with a typing error scores a constant here, in OpenSearch a part of what the exact word does."""


class Queries:
    """Makes the queries of one index."""

    def __init__(self, fields: Fields, schema: tantivy.Schema) -> None:
        self._fields = fields
        self._schema = schema

    def query(self, asked: Mapping[str, Any]) -> Query:
        """Raises Refusal for what is not known here."""
        name, body = _only(asked, "query")
        match name:
            case "match_all":
                return Query.all_query()
            case "bool":
                return self._bool(body)
            case "match":
                return self._match(*_only(body, name))
            case "match_bool_prefix":
                return self._bool_prefix(*_only(body, name))
            case "term" | "terms" | "range":
                return Query.const_score_query(self._exact(name, *_only(body, name)), 1.0)
        raise bad_query(f"unknown query [{name}]")

    def scored(self, asked: Mapping[str, Any]) -> bool:
        """Whether the documents that are found can differ in their scores."""
        name, body = _only(asked, "query")
        if name == "bool":
            return any(self.scored(one) for role in ("must", "should") for one in _many(body.get(role)))
        return name in {"match", "match_bool_prefix"}

    def by_id(self, ids: Sequence[str]) -> Query:
        return Query.term_set_query(self._schema, "_id", list(ids))

    def _bool(self, body: Mapping[str, Any]) -> Query:
        if unknown := body.keys() - {"must", "should", "filter", "minimum_should_match"}:
            raise bad_query(f"[bool] query does not support {sorted(unknown)} here")
        must = [(Occur.Must, self.query(one)) for one in _many(body.get("must"))]
        filters = [(Occur.Must, Query.const_score_query(self.query(one), 0.0)) for one in _many(body.get("filter"))]
        should = [(Occur.Should, self.query(one)) for one in _many(body.get("should"))]
        needed = int(body.get("minimum_should_match", 0 if must or filters else 1)) if should else 0
        if needed > 1:
            raise bad_query("[bool] minimum_should_match above 1 is not known here")
        if needed and (must or filters):
            return Query.boolean_query([*must, *filters, (Occur.Must, Query.boolean_query(should))])
        return Query.boolean_query([*must, *filters, *should]) if must or filters or should else Query.all_query()

    def _match(self, field: str, options: Any) -> Query:
        options = options if isinstance(options, dict) else {"query": options}
        if unknown := options.keys() - {"query", "fuzziness", "operator", "boost"}:
            raise bad_query(f"[match] query does not support {sorted(unknown)} here")
        self._known(field, "text")
        occur = Occur.Must if str(options.get("operator", "or")).lower() == "and" else Occur.Should
        parts = [self._word(field, word, options.get("fuzziness")) for word in analyzed(options["query"])]
        return _boosted(Query.boolean_query([(occur, part) for part in parts]), options) if parts else _nothing()

    def _bool_prefix(self, field: str, options: Any) -> Query:
        options = options if isinstance(options, dict) else {"query": options}
        self._known(field, "text")
        *whole, begun = analyzed(options["query"]) or [""]
        if not begun:
            return _nothing()
        occur = Occur.Must if str(options.get("operator", "or")).lower() == "and" else Occur.Should
        prefix = Query.const_score_query(Query.regex_query(self._schema, field, re.escape(begun) + ".*"), 1.0)
        return Query.boolean_query(
            [*((occur, Query.term_query(self._schema, field, word, "freq")) for word in whole), (occur, prefix)]
        )

    def _word(self, field: str, word: str, fuzziness: Any) -> Query:
        edits = 0 if fuzziness in (None, 0, "0") else _automatic_edits(word) if fuzziness == "AUTO" else int(fuzziness)
        if not edits:
            return Query.term_query(self._schema, field, word, "freq")
        return Query.const_score_query(Query.fuzzy_term_query(self._schema, field, word, edits, True), _EDIT_COST)

    def _exact(self, name: str, field: str, asked: Any) -> Query:
        match name:
            case "term":
                return self._term(field, asked)
            case "terms":
                return self._terms(field, asked)
        return self._range(field, asked)

    def _term(self, field: str, value: Any) -> Query:
        value = value["value"] if isinstance(value, dict) else value
        self._known(field)
        return Query.term_query(self._schema, field, value, "basic")

    def _terms(self, field: str, values: Sequence[Any]) -> Query:
        self._known(field)
        return Query.term_set_query(self._schema, field, list(values))

    def _range(self, field: str, bounds: Mapping[str, int]) -> Query:
        self._known(field, "long")
        if unknown := bounds.keys() - {"gte", "gt", "lte", "lt"}:
            raise bad_query(f"[range] query does not support {sorted(unknown)}")
        low = max(bounds.get("gte", LONG.start), bounds.get("gt", LONG.start - 1) + 1)
        high = min(bounds.get("lte", LONG.stop - 1), bounds.get("lt", LONG.stop) - 1)
        if low > high or low not in LONG or high not in LONG:
            return _nothing()
        return Query.range_query(self._schema, field, FieldType.Integer, low, high)

    def _known(self, field: str, kind: str | None = None) -> None:
        if field not in self._fields.types or field in self._fields.unsearched:
            raise bad_query(f"Cannot search on field [{field}] since it is not indexed")
        if kind not in (None, self._fields.types[field]):
            raise bad_query(f"this server searches a field of type [{self._fields.types[field]}] by [term] only")


def analyzed(text: str) -> list[str]:
    """The words of a text, as the standard analyzer makes them of ASCII text."""
    return _WORD.findall(str(text).lower())


def _automatic_edits(word: str) -> int:
    return 0 if len(word) < 3 else 1 if len(word) < 6 else 2


def _boosted(query: Query, options: Mapping[str, Any]) -> Query:
    boost = float(options.get("boost", 1.0))
    return query if boost == 1.0 else Query.boost_query(query, boost)


def _nothing() -> Query:
    return Query.empty_query()


def _many(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]


def _only(body: Any, what: str) -> tuple[str, Any]:
    if not isinstance(body, dict) or len(body) != 1:
        raise bad_query(f"[{what}] malformed query, expected one name")
    [(name, value)] = body.items()
    return name, value
