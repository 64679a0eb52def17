"""What a product is in the index, and the template that every index of products is made from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from commerce.search import Hit, IndexChange, words

ALIAS: Final = "products"
"""What is searched: always one index."""
BUILDING: Final = "products-building"
"""The index that a rebuild fills, while there is one."""
PREFIX: Final = "products-of-"

_KEPT: Final[dict[str, Any]] = {"type": "keyword", "index": False, "doc_values": False}
MAPPINGS: Final[dict[str, Any]] = {
    # A field that is not written down here is a mistake, not a new field.
    "dynamic": "strict",
    "properties": {
        "product_id": {"type": "keyword"},
        "title": _KEPT,
        "description": _KEPT,
        # The words of title, category and description as the rules compare them: no engine's analysis decides.
        "title_words": {"type": "text"},
        "other_words": {"type": "text"},
        "category": {"type": "keyword"},
        "sellers": {"type": "keyword"},
        "price": {"type": "long"},
        "currency": {"type": "keyword"},
        "available": {"type": "boolean"},
        # Found no more, and still there with its version, so that a late write does not bring it back.
        "removed": {"type": "boolean"},
    },
}
MADE_FOR: Final = hashlib.sha256(json.dumps(MAPPINGS, sort_keys=True).encode()).hexdigest()[:8]
"""Part of an index's name: an index that was made for other documents is rebuilt."""

SETTINGS: Final[dict[str, Any]] = {
    "index.number_of_shards": 1,
    # A replica as soon as there is a second node.
    "index.auto_expand_replicas": "0-1",
    "index.refresh_interval": "1s",
}


def template(*, serverless: bool) -> dict[str, Any]:
    """The index template; a serverless engine decides on the settings itself."""
    settings = {} if serverless else {"settings": SETTINGS}
    return {"index_patterns": [f"{PREFIX}*"], "template": {**settings, "mappings": MAPPINGS}}


def index_name(build: str) -> str:
    """The index of the rebuild `build`."""
    return f"{PREFIX}{MADE_FOR}-{build}"


def source(change: IndexChange) -> dict[str, Any]:
    """What is indexed."""
    document = change.document
    if document is None:
        return {"product_id": change.product_id, "removed": True}
    return {
        "product_id": document.product_id,
        "title": document.title,
        "description": document.description,
        "title_words": " ".join(words(document.title)),
        "other_words": " ".join(words(f"{document.category or ''} {document.description}")),
        "category": document.category,
        "sellers": list(document.sellers),
        "price": document.price,
        "currency": document.currency,
        "available": document.available,
        "removed": False,
    }


def hit(source: Mapping[str, Any]) -> Hit:
    """What a search gives back."""
    return Hit(
        product_id=source["product_id"],
        title=source["title"],
        description=source["description"],
        category=source.get("category"),
    )
