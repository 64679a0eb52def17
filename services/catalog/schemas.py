"""What the catalog sends and receives."""

from __future__ import annotations

import hashlib
from typing import Self

from pydantic import BaseModel, Field, model_validator

from commerce.catalog import MAXIMUM_STOCK, MAXIMUM_UNIT_PRICE, Listing, Offer, OfferChange, Product
from commerce.categories import Category
from commerce.images import FORMATS, WIDTHS, ProductImage, rendition_key, visible
from commerce.import_rows import MAXIMUM_DESCRIPTION, MAXIMUM_TITLE
from services.http.edge import Body, Line, Prose
from services.http.money import MoneyBody


class OfferBody(BaseModel):
    """One seller's price. `available` is what the order database knows at this moment."""

    offer_id: str
    seller_id: str
    seller_name: str
    unit_price: MoneyBody
    available: bool

    @classmethod
    def of(cls, listing: Listing) -> OfferBody:
        return cls(
            offer_id=listing.offer.offer_id,
            seller_id=listing.offer.seller_id,
            seller_name=listing.seller_name,
            unit_price=MoneyBody.of(listing.offer.unit_price),
            available=listing.available > 0,
        )


def product_tag(product: Product) -> str:
    """The entity tag of a product's description: it changes when the title, the text or the category does."""
    content = hashlib.sha256(f"{product.title}\0{product.description}\0{product.category or ''}".encode())
    return f'"{content.hexdigest()[:32]}"'


class SourceBody(BaseModel):
    """One size of a picture: a path on the public site, and the most pixels that it is wide."""

    path: str
    content_type: str
    width: int


class PictureBody(BaseModel):
    """A picture of a product; `width` and `height` are those of its largest form, for its place on a page."""

    image_id: str
    alt: str
    width: int
    height: int
    sources: list[SourceBody]

    @classmethod
    def of(cls, product_id: str, image: ProductImage) -> PictureBody:
        return cls(
            image_id=image.image_id,
            alt=image.alt,
            width=image.width or 0,
            height=image.height or 0,
            sources=[
                SourceBody(
                    path=f"/{rendition_key(product_id, image.image_id, width, format)}",
                    content_type=f"image/{format}",
                    width=width,
                )
                for format in FORMATS
                for width in WIDTHS
            ],
        )


class ProductBody(BaseModel):
    """A product with its pictures in their order, and the offers of all its sellers, cheapest first."""

    product_id: str
    title: str
    description: str
    category: str | None
    images: list[PictureBody]
    offers: list[OfferBody]

    @classmethod
    def of(cls, product: Product, listings: tuple[Listing, ...]) -> ProductBody:
        return cls(
            product_id=product.product_id,
            title=product.title,
            description=product.description,
            category=product.category,
            images=[PictureBody.of(product.product_id, image) for image in visible(product.images)],
            offers=[OfferBody.of(listing) for listing in listings],
        )


class RecommendationsBody(BaseModel):
    """Products that can be bought at this moment, the best first; empty while nothing is known and nothing sells."""

    items: list[ProductBody]


class CategoryBody(BaseModel):
    """A category, and those below it."""

    category_id: str
    title: str
    children: list[CategoryBody]

    @classmethod
    def of(cls, category: Category) -> CategoryBody:
        return cls(
            category_id=category.category_id,
            title=category.title,
            children=[CategoryBody.of(child) for child in category.children],
        )


class CategoriesBody(BaseModel):
    """The categories at the top of the tree."""

    items: list[CategoryBody]


class ProductPageBody(BaseModel):
    """A page of products; `next_cursor` is null on the last one."""

    items: list[ProductBody]
    next_cursor: str | None


class SellerRequest(Body):
    """How buyers see the seller."""

    display_name: Line = Field(max_length=120)


class SellerBody(BaseModel):
    """A registered seller."""

    seller_id: str
    display_name: str


class ProductRequest(Body):
    """The description of a product, shared by all its sellers and owned by the one who wrote it first."""

    title: Line = Field(max_length=MAXIMUM_TITLE)
    description: Prose = Field(default="", max_length=MAXIMUM_DESCRIPTION)
    category: str | None = Field(default=None, min_length=1, max_length=64, description="See /catalog/categories")


class OfferRequest(Body):
    """A seller's price in minor units, and the stock in units not yet sold.

    A new offer needs `stock`. Of an existing one the stock changes by `stock_change`, or from `expected_stock` to
    `stock`; without either it stays as it is, so that no change brings back units that were sold meanwhile. Where the
    stock is not the expected one, or the price not `expected_unit_price`, nothing is changed.
    """

    unit_price: int = Field(ge=1, le=MAXIMUM_UNIT_PRICE)
    expected_unit_price: int | None = Field(default=None, ge=1, le=MAXIMUM_UNIT_PRICE)
    stock: int | None = Field(default=None, ge=0, le=MAXIMUM_STOCK)
    expected_stock: int | None = Field(default=None, ge=0, le=MAXIMUM_STOCK)
    stock_change: int | None = Field(default=None, ge=-MAXIMUM_STOCK, le=MAXIMUM_STOCK)

    @model_validator(mode="after")
    def _one_way_to_say_it(self) -> Self:
        if self.stock_change is not None and (self.stock, self.expected_stock) != (None, None):
            raise ValueError("`stock_change` and `stock` exclude each other")
        if self.expected_stock is not None and self.stock is None:
            raise ValueError("`expected_stock` needs `stock`, the new one")
        return self

    @property
    def change(self) -> OfferChange:
        """What this asks of an offer that exists. A `stock` alone must be what the offer has."""
        if self.stock is None:
            return OfferChange(stock=self.stock_change or 0, expected_price=self.expected_unit_price)
        seen = self.stock if self.expected_stock is None else self.expected_stock
        return OfferChange(stock=self.stock - seen, expected_stock=seen, expected_price=self.expected_unit_price)


class OfferReference(BaseModel):
    """The id to put into a cart, and the units not yet sold."""

    offer_id: str
    stock: int

    @classmethod
    def of(cls, offer: Offer) -> OfferReference:
        return cls(offer_id=offer.offer_id, stock=offer.stock)
