"""Products in DynamoDB: one item per product, key `product_id`, and an index by category."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.config import Config

from commerce.adapters.aws.product_cursors import Place, foreign_cursor
from commerce.adapters.aws.product_items import from_item, to_item, unchanged
from commerce.adapters.aws.session import CONFIG, ServiceOverloaded, overload_as_outage, session
from commerce.catalog import NotTheSeller, Product, ProductChanged, ProductNotFound, ProductPage

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import QueryOutputTypeDef, ScanOutputTypeDef

    from commerce.adapters.aws.product_items import Item

T = TypeVar("T")
BY_CATEGORY = "by-category"
"""The index that products are listed by."""
LISTED = "attribute_not_exists(withdrawn)"
MOST_READ = 100
MOST_WRITTEN = 25
"""What DynamoDB takes in one request."""
# The requests are made here, of typed products; looking through each again takes as long as sending it.
_UNCHECKED = Config(parameter_validation=False)
_ATTEMPTS = 8
_PAUSE_SECONDS = 0.05


class DynamoProducts:
    """`commerce.ports.Products` over the table `table`. boto3 blocks, so each call runs in a thread."""

    def __init__(self, table: str) -> None:
        self._table = table
        self._client = session().client("dynamodb", config=CONFIG.merge(_UNCHECKED))

    async def put(self, product: Product, replacing: Product | None = None) -> None:
        with overload_as_outage():
            await asyncio.to_thread(self._put, product, replacing)

    async def get(self, product_id: str) -> Product:
        with overload_as_outage():
            return await asyncio.to_thread(self._get, product_id)

    async def find(self, product_ids: Collection[str]) -> Mapping[str, Product]:
        parts = _parts(list(dict.fromkeys(product_ids)), MOST_READ)
        with overload_as_outage():
            read = await asyncio.gather(*(asyncio.to_thread(self._find, part) for part in parts))
        return {product.product_id: product for part in read for product in part}

    async def create_own(self, products: Collection[Product]) -> None:
        items = [{"PutRequest": {"Item": to_item(product)}} for product in products]
        with overload_as_outage():
            await asyncio.gather(*(asyncio.to_thread(self._write_many, part) for part in _parts(items, MOST_WRITTEN)))

    async def delete(self, product: Product) -> None:
        with overload_as_outage():
            await asyncio.to_thread(self._delete, product)

    async def touch(self, product_id: str) -> None:
        with overload_as_outage():
            await asyncio.to_thread(self._touch, product_id)

    async def list(self, limit: int, cursor: str | None = None, categories: Sequence[str] = ()) -> ProductPage:
        place = None if cursor is None else Place.of(cursor)
        if not categories:
            if place is not None and place.category is not None:
                raise foreign_cursor()
            with overload_as_outage():
                answer = await asyncio.to_thread(self._scan, limit, place)
            return _page(answer, None)
        left = list(categories)
        if place is not None:
            if place.category not in left:
                raise foreign_cursor()
            left = left[left.index(place.category) :]
        page = ProductPage(items=(), next_cursor=None)
        for position, category in enumerate(left):
            with overload_as_outage():
                answer = await asyncio.to_thread(self._query, category, limit - len(page.items), place)
            more = _page(answer, category)
            items, place = (*page.items, *more.items), None
            following = left[position + 1] if position + 1 < len(left) else None
            next_cursor = more.next_cursor or (following and Place(category=following, after=None).cursor())
            page = ProductPage(items=items, next_cursor=next_cursor)
            if more.next_cursor or len(items) >= limit:
                break
        return page

    def _scan(self, limit: int, place: Place | None) -> ScanOutputTypeDef:
        start: Any = {} if place is None else {"ExclusiveStartKey": place.key()}
        return self._client.scan(TableName=self._table, Limit=limit, FilterExpression=LISTED, **start)

    def _query(self, category: str, limit: int, place: Place | None) -> QueryOutputTypeDef:
        start: Any = {} if place is None or place.after is None else {"ExclusiveStartKey": place.key()}
        return self._client.query(
            TableName=self._table,
            IndexName=BY_CATEGORY,
            Limit=limit,
            KeyConditionExpression="category = :category",
            ExpressionAttributeValues={":category": {"S": category}},
            FilterExpression=LISTED,
            **start,
        )

    def _find(self, product_ids: Sequence[str]) -> tuple[Product, ...]:
        asked: Any = {
            self._table: {"Keys": [{"product_id": {"S": one}} for one in product_ids], "ConsistentRead": True}
        }
        found: tuple[Product, ...] = ()
        for attempt in range(_ATTEMPTS):
            answer = self._client.batch_get_item(RequestItems=asked)
            found += tuple(map(from_item, answer["Responses"].get(self._table, ())))
            asked = answer.get("UnprocessedKeys")
            if not asked:
                return found
            time.sleep(_PAUSE_SECONDS * 2**attempt)
        raise ServiceOverloaded(f"{len(product_ids)} products were not read in {_ATTEMPTS} attempts")

    def _write_many(self, requests: Sequence[Any]) -> None:
        asked: Any = {self._table: requests}
        for attempt in range(_ATTEMPTS):
            asked = self._client.batch_write_item(RequestItems=asked).get("UnprocessedItems")
            if not asked:
                return
            time.sleep(_PAUSE_SECONDS * 2**attempt)
        raise ServiceOverloaded(f"{len(requests)} products were not written in {_ATTEMPTS} attempts")

    def _delete(self, product: Product) -> None:
        condition, values = unchanged(product)
        try:
            self._client.delete_item(
                TableName=self._table,
                Key={"product_id": {"S": product.product_id}},
                ConditionExpression=f"attribute_not_exists(product_id) OR ({condition})",
                ExpressionAttributeValues=values,
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            raise ProductChanged(product.product_id) from error

    def _get(self, product_id: str) -> Product:
        answer = self._client.get_item(
            TableName=self._table, Key={"product_id": {"S": product_id}}, ConsistentRead=True
        )
        if "Item" not in answer:
            raise ProductNotFound(product_id)
        return from_item(answer["Item"])

    def _put(self, product: Product, replacing: Product | None) -> None:
        condition = "attribute_not_exists(product_id) OR owner_id = :owner_id"
        values: Item = {":owner_id": {"S": product.owner_id}}
        if replacing is not None:
            condition, values = unchanged(replace(replacing, owner_id=product.owner_id))
        try:
            self._client.put_item(
                TableName=self._table,
                Item=to_item(product),
                ConditionExpression=condition,
                ExpressionAttributeValues=values,
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            if replacing is not None and self._get(product.product_id).owner_id == product.owner_id:
                raise ProductChanged(product.product_id) from error
            raise NotTheSeller(product.owner_id, product.product_id) from error

    def _touch(self, product_id: str) -> None:
        """A write that changed nothing would not be in the table's stream."""
        with contextlib.suppress(self._client.exceptions.ConditionalCheckFailedException):  # it is gone meanwhile
            self._client.update_item(
                TableName=self._table,
                Key={"product_id": {"S": product_id}},
                UpdateExpression="SET touched_at = :now",
                ConditionExpression="attribute_exists(product_id)",
                ExpressionAttributeValues={":now": {"N": str(time.time_ns())}},
            )


def _page(answer: Any, category: str | None) -> ProductPage:
    last = answer.get("LastEvaluatedKey")
    return ProductPage(
        items=tuple(from_item(item) for item in answer["Items"]),
        next_cursor=None if last is None else Place(category=category, after=last["product_id"]["S"]).cursor(),
    )


def _parts(whole: Sequence[T], most: int) -> list[Sequence[T]]:
    return [whole[first : first + most] for first in range(0, len(whole), most)]
