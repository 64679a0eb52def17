"""Products in DynamoDB: one item per product, key `product_id`."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import re
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from commerce.adapters.aws.product_items import from_item, to_item, unchanged
from commerce.adapters.aws.session import CONFIG, ServiceOverloaded, overload_as_outage, session
from commerce.catalog import PRODUCT_ID, NotTheSeller, Product, ProductChanged, ProductNotFound, ProductPage
from commerce.errors import InvalidRequest

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef, ScanOutputTypeDef

    from commerce.adapters.aws.product_items import Item
_MOST_READ = 100
"""What DynamoDB reads in one request."""
_READ_ATTEMPTS = 5
_READ_PAUSE_SECONDS = 0.05


class DynamoProducts:
    """`commerce.ports.Products` over the table `table`. boto3 blocks, so each call runs in a thread."""

    def __init__(self, table: str) -> None:
        self._table = table
        self._client = session().client("dynamodb", config=CONFIG)

    async def put(self, product: Product, replacing: Product | None = None) -> None:
        with overload_as_outage():
            await asyncio.to_thread(self._put, product, replacing)

    async def get(self, product_id: str) -> Product:
        with overload_as_outage():
            return await asyncio.to_thread(self._get, product_id)

    async def find(self, product_ids: Collection[str]) -> Mapping[str, Product]:
        wanted = list(dict.fromkeys(product_ids))
        batches = [wanted[start : start + _MOST_READ] for start in range(0, len(wanted), _MOST_READ)]
        with overload_as_outage():
            read = await asyncio.gather(*(asyncio.to_thread(self._find, batch) for batch in batches))
        return {product.product_id: product for batch in read for product in batch}

    async def list(self, limit: int, cursor: str | None = None) -> ProductPage:
        with overload_as_outage():
            answer = await asyncio.to_thread(self._scan, limit, cursor)
        last = answer.get("LastEvaluatedKey")
        return ProductPage(
            items=tuple(from_item(item) for item in answer["Items"]),
            next_cursor=None if last is None else _cursor(last["product_id"]["S"]),
        )

    def _scan(self, limit: int, cursor: str | None) -> ScanOutputTypeDef:
        if cursor is None:
            return self._client.scan(TableName=self._table, Limit=limit)
        start: dict[str, AttributeValueTypeDef] = {"product_id": {"S": _position(cursor)}}
        return self._client.scan(TableName=self._table, Limit=limit, ExclusiveStartKey=start)

    def _get(self, product_id: str) -> Product:
        answer = self._client.get_item(
            TableName=self._table, Key={"product_id": {"S": product_id}}, ConsistentRead=True
        )
        if "Item" not in answer:
            raise ProductNotFound(product_id)
        return from_item(answer["Item"])

    def _find(self, product_ids: Sequence[str]) -> Sequence[Product]:
        found: list[Product] = []
        wanted: list[Mapping[str, Any]] = [{"product_id": {"S": one}} for one in product_ids]
        for attempt in range(_READ_ATTEMPTS):
            answer = self._client.batch_get_item(RequestItems={self._table: {"Keys": wanted, "ConsistentRead": True}})
            found += [from_item(item) for item in answer["Responses"].get(self._table, ())]
            # DynamoDB leaves some out when an answer becomes too large or the table is too busy.
            wanted = list(answer["UnprocessedKeys"].get(self._table, {"Keys": []})["Keys"])
            if not wanted:
                return found
            time.sleep(_READ_PAUSE_SECONDS * 2**attempt)
        raise ServiceOverloaded(f"{self._table} leaves {len(wanted)} products unread")

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


def _cursor(product_id: str) -> str:
    return base64.urlsafe_b64encode(json.dumps({"after": product_id}).encode()).decode()


def _position(cursor: str) -> str:
    try:
        position = json.loads(base64.urlsafe_b64decode(cursor.encode()))["after"]
    except (binascii.Error, ValueError, KeyError, TypeError) as error:
        raise InvalidRequest("This cursor was not given out by this list. Start without one.") from error
    if not isinstance(position, str) or not re.fullmatch(PRODUCT_ID, position):
        raise InvalidRequest("This cursor was not given out by this list. Start without one.")
    return position
