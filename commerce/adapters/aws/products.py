"""Products in DynamoDB: one item per product, key `product_id`."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import re
from typing import TYPE_CHECKING, Any

from commerce.adapters.aws.session import CONFIG, overload_as_outage, session
from commerce.catalog import PRODUCT_ID, NotTheSeller, Product, ProductChanged, ProductNotFound, ProductPage
from commerce.errors import InvalidRequest

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef, ScanOutputTypeDef


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

    async def list(self, limit: int, cursor: str | None = None) -> ProductPage:
        with overload_as_outage():
            answer = await asyncio.to_thread(self._scan, limit, cursor)
        last = answer.get("LastEvaluatedKey")
        return ProductPage(
            items=tuple(_product(item) for item in answer["Items"]),
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
        return _product(answer["Item"])

    def _put(self, product: Product, replacing: Product | None) -> None:
        condition = "attribute_not_exists(product_id) OR owner_id = :owner"
        values: dict[str, AttributeValueTypeDef] = {":owner": {"S": product.owner_id}}
        if replacing is not None:
            condition = "owner_id = :owner AND title = :title AND description = :description"
            values |= {":title": {"S": replacing.title}, ":description": {"S": replacing.description}}
        try:
            self._client.put_item(
                TableName=self._table,
                Item={
                    "product_id": {"S": product.product_id},
                    "title": {"S": product.title},
                    "description": {"S": product.description},
                    "owner_id": {"S": product.owner_id},
                },
                ConditionExpression=condition,
                ExpressionAttributeValues=values,
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            if replacing is not None and self._get(product.product_id).owner_id == product.owner_id:
                raise ProductChanged(product.product_id) from error
            raise NotTheSeller(product.owner_id, product.product_id) from error


def _product(item: dict[str, Any]) -> Product:
    return Product(
        product_id=item["product_id"]["S"],
        title=item["title"]["S"],
        description=item["description"]["S"],
        owner_id=item["owner_id"]["S"],
    )


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
