"""An index's mapping: the fields that can be searched, and what of a document goes into them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import tantivy

from toolkit.local.opensearch.refusal import Refusal

LONG: Final = range(-(2**63), 2**63)
LONGEST_KEYWORD_BYTES: Final = 32_766
_TIE_STEPS: Final = 1 << 16


@dataclass(frozen=True, kw_only=True)
class Fields:
    """The fields of one index. Only mappings with `"dynamic": "strict"` and these types are known: keyword, text,
    long, boolean; a keyword with `"index": false` is only kept in the source."""

    types: Mapping[str, str]
    unsearched: frozenset[str]

    @classmethod
    def of(cls, mappings: Mapping[str, Any]) -> Fields:
        properties: Mapping[str, Mapping[str, Any]] = mappings.get("properties", {})
        types = {name: str(one.get("type")) for name, one in properties.items()}
        if mappings.get("dynamic") != "strict" or set(types.values()) - {"keyword", "text", "long", "boolean"}:
            raise Refusal(
                400,
                "mapper_parsing_exception",
                "this server knows strict mappings of keyword, text, long and boolean fields only",
            )
        unsearched = frozenset(name for name, one in properties.items() if one.get("index") is False)
        return cls(types=types, unsearched=unsearched)

    def schema(self) -> tantivy.Schema:
        """The searched fields, and what every document has: id, version, source, and a number that orders equal
        scores."""
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("_id", stored=True, fast=True, tokenizer_name="raw", index_option="basic")
        builder.add_integer_field("_version", stored=True)
        builder.add_bytes_field("_source", stored=True)
        builder.add_float_field("_tie", fast=True)
        for name, kind in self.types.items():
            if name in self.unsearched:
                continue
            match kind:
                case "keyword":
                    builder.add_text_field(name, fast=True, tokenizer_name="raw", index_option="basic")
                case "text":
                    builder.add_text_field(name, tokenizer_name="default", index_option="freq")
                case "long":
                    builder.add_integer_field(name, indexed=True, fast=True)
                case "boolean":
                    builder.add_boolean_field(name, indexed=True, fast=True)
        return builder.build()

    def document(self, id: str, version: int, source: Mapping[str, Any]) -> tantivy.Document:
        """Raises Refusal for what the mapping does not take."""
        document = tantivy.Document()
        document.add_text("_id", id)
        document.add_integer("_version", version)
        document.add_bytes("_source", json.dumps(source).encode())
        document.add_float("_tie", tie(id))
        for name, value in source.items():
            if name not in self.types:
                raise Refusal(
                    400,
                    "strict_dynamic_mapping_exception",
                    f"mapping set to strict, dynamic introduction of [{name}] within [_doc] is not allowed",
                )
            for one in value if isinstance(value, list) else [value]:
                self._add(document, name, one)
        return document

    def _add(self, document: tantivy.Document, name: str, value: Any) -> None:
        if value is None:
            return
        kind, searched = self.types[name], name not in self.unsearched
        match kind, value:
            case (("keyword" | "text"), str()):
                if kind == "keyword" and searched and len(value.encode()) > LONGEST_KEYWORD_BYTES:
                    reason = f'Document contains at least one immense term in field="{name}"'
                    raise Refusal(400, "illegal_argument_exception", reason)
                if searched:
                    document.add_text(name, value)
            case "boolean", bool():
                document.add_boolean(name, value)
            case "long", int() if not isinstance(value, bool) and value in LONG:
                document.add_integer(name, value)
            case _:
                raise Refusal(400, "mapper_parsing_exception", f"failed to parse field [{name}] of type [{kind}]")


def tie(id: str) -> float:
    """A small number of the document's own, by which its score differs a little from an equal one."""
    return int.from_bytes(hashlib.blake2b(id.encode(), digest_size=2).digest()) / _TIE_STEPS / 100
