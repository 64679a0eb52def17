"""What the catalog sends and receives."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from commerce.catalog import MAXIMUM_STOCK, MAXIMUM_UNIT_PRICE, Listing, Offer, Product
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


class ProductBody(BaseModel):
    """A product with the offers of all its sellers, cheapest first."""

    product_id: str
    title: str
    description: str
    offers: list[OfferBody]

    @classmethod
    def of(cls, product: Product, listings: tuple[Listing, ...]) -> ProductBody:
        return cls(
            product_id=product.product_id,
            title=product.title,
            description=product.description,
            offers=[OfferBody.of(listing) for listing in listings],
        )


class ProductPageBody(BaseModel):
    """A page of products; `next_cursor` is null on the last one."""

    items: list[ProductBody]
    next_cursor: str | None


class _Request(BaseModel):
    # A misspelled member must not be dropped in silence.
    model_config = ConfigDict(extra="forbid")


class SellerRequest(_Request):
    """How buyers see the seller."""

    display_name: str = Field(min_length=1, max_length=120)


class SellerBody(BaseModel):
    """A registered seller."""

    seller_id: str
    display_name: str


class ProductRequest(_Request):
    """The description of a product, shared by all its sellers and owned by the one who wrote it first."""

    title: str = Field(min_length=1, max_length=200)
    description: str = Field(default="", max_length=10_000)


class OfferRequest(_Request):
    """A seller's price in minor units, and the stock in units not yet sold. Without `stock` an offer keeps what it has,
    so that a new price does not bring back units that were sold meanwhile; a new offer needs it."""

    unit_price: int = Field(ge=1, le=MAXIMUM_UNIT_PRICE)
    stock: int | None = Field(default=None, ge=0, le=MAXIMUM_STOCK)


class OfferReference(BaseModel):
    """The id to put into a cart, and the units not yet sold."""

    offer_id: str
    stock: int

    @classmethod
    def of(cls, offer: Offer) -> OfferReference:
        return cls(offer_id=offer.offer_id, stock=offer.stock)
