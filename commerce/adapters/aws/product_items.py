"""A product as an item of a DynamoDB table. What is empty is left out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from commerce.catalog import Product
from commerce.images import ImageState, ProductImage

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    Item = dict[str, AttributeValueTypeDef]

_ATTRIBUTES = ("owner_id", "title", "description", "category", "images", "withdrawn")


def to_item(product: Product) -> Item:
    """The item of a product."""
    item: Item = {
        "product_id": {"S": product.product_id},
        "owner_id": {"S": product.owner_id},
        "title": {"S": product.title},
        "description": {"S": product.description},
    }
    if product.category is not None:
        item["category"] = {"S": product.category}
    if product.images:
        item["images"] = {"L": [{"M": _image_item(image)} for image in product.images]}
    if product.withdrawn:
        item["withdrawn"] = {"BOOL": True}
    return item


def from_item(item: Mapping[str, Any]) -> Product:
    """The product of an item."""
    return Product(
        product_id=item["product_id"]["S"],
        owner_id=item["owner_id"]["S"],
        title=item["title"]["S"],
        description=item["description"]["S"],
        category=item["category"]["S"] if "category" in item else None,
        images=tuple(_image(one["M"]) for one in item["images"]["L"]) if "images" in item else (),
        withdrawn="withdrawn" in item,
    )


def unchanged(product: Product) -> tuple[str, Item]:
    """The condition that the stored item is this product's, and the values that it names."""
    item = to_item(product)
    conditions = [f"{name} = :{name}" if name in item else f"attribute_not_exists({name})" for name in _ATTRIBUTES]
    return " AND ".join(conditions), {f":{name}": item[name] for name in _ATTRIBUTES if name in item}


def _image_item(image: ProductImage) -> Item:
    item: Item = {
        "image_id": {"S": image.image_id},
        "content_type": {"S": image.content_type},
        "alt": {"S": image.alt},
        "signed_at": {"S": image.signed_at.isoformat()},
        "state": {"S": image.state.value},
    }
    if image.width is not None and image.height is not None:
        item |= {"width": {"N": str(image.width)}, "height": {"N": str(image.height)}}
    if image.refusal is not None:
        item["refusal"] = {"S": image.refusal}
    return item


def _image(item: Mapping[str, Any]) -> ProductImage:
    return ProductImage(
        image_id=item["image_id"]["S"],
        content_type=item["content_type"]["S"],
        alt=item["alt"]["S"],
        signed_at=datetime.fromisoformat(item["signed_at"]["S"]),
        state=ImageState(item["state"]["S"]),
        width=int(item["width"]["N"]) if "width" in item else None,
        height=int(item["height"]["N"]) if "height" in item else None,
        refusal=item["refusal"]["S"] if "refusal" in item else None,
    )
