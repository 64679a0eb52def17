"""Where a page of products ends, as an opaque text."""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from commerce.catalog import PRODUCT_ID
from commerce.errors import InvalidRequest

if TYPE_CHECKING:
    from commerce.adapters.aws.product_items import Item

_PRODUCT = re.compile(PRODUCT_ID)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Behind the product `after`, in the list of `category` where there is one; `after` is null before its first."""

    category: str | None
    after: str | None

    @classmethod
    def of(cls, cursor: str) -> Place:
        """Raises InvalidRequest for a text that is no `cursor`."""
        try:
            read = json.loads(base64.urlsafe_b64decode(cursor.encode()))
            category, after = read.get("in"), read.get("after")
        except (binascii.Error, ValueError, AttributeError) as error:
            raise foreign_cursor() from error
        if not isinstance(category, str | None) or not isinstance(after, str | None):
            raise foreign_cursor()
        if (category is None and after is None) or (after is not None and not _PRODUCT.fullmatch(after)):
            raise foreign_cursor()
        return cls(category=category, after=after)

    def cursor(self) -> str:
        content = {"in": self.category, "after": self.after}
        return base64.urlsafe_b64encode(
            json.dumps({name: value for name, value in content.items() if value is not None}).encode()
        ).decode()

    def key(self) -> Item:
        """The key at which DynamoDB goes on."""
        key: Item = {"product_id": {"S": self.after or ""}}
        if self.category is not None:
            key["category"] = {"S": self.category}
        return key


def foreign_cursor() -> InvalidRequest:
    return InvalidRequest("This cursor was not given out by this list. Start without one.")
