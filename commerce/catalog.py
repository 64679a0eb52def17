"""Products, sellers and offers. A product is described once; every seller of it makes an offer (price and stock)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from commerce.errors import InvalidRequest, MarketplaceError
from commerce.images import Images
from commerce.money import Money

_OFFERS = uuid.UUID("0d1fbb5f-1d7c-4d36-8c36-6a2a3f0c9d0b")
PRODUCT_ID = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
_OF_SKU = re.compile(r"sku-[0-9a-f]{40}")
MAXIMUM_STOCK = 1_000_000_000
MAXIMUM_UNIT_PRICE = 100_000_000


def check_id(product_id: str) -> None:
    """Raises InvalidRequest for a new id that imports make of a seller's SKU, which nobody else may take."""
    if _OF_SKU.fullmatch(product_id):
        raise InvalidRequest(f"{product_id} has the form that imports give to products. Choose another id.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """The description, owned by the seller who wrote it first."""

    product_id: str
    title: str
    description: str
    owner_id: str
    category: str | None = None
    """Id of a leaf or a branch of `commerce.categories`."""
    images: Images = ()
    """In the order in which they are shown."""
    withdrawn: bool = False
    """No longer listed, and no offer of it can be made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductPage:
    """`next_cursor` is opaque, null on the last page."""

    items: tuple[Product, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seller:
    """`account_id` is the payment processor's connected account, null until the seller has been onboarded."""

    seller_id: str
    display_name: str
    account_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A seller's price and stock of a product. `stock` counts the units not yet confirmed to an order."""

    offer_id: str
    seller_id: str
    product_id: str
    title: str
    unit_price: Money
    stock: int

    def __post_init__(self) -> None:
        if not 0 < self.unit_price.amount <= MAXIMUM_UNIT_PRICE:
            raise InvalidRequest(
                f"A unit price is between 1 and {MAXIMUM_UNIT_PRICE} minor units, not {self.unit_price.amount}."
            )
        if not 0 <= self.stock <= MAXIMUM_STOCK:
            raise InvalidRequest(f"A stock is between 0 and {MAXIMUM_STOCK} units, not {self.stock}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferChange:
    """A change of an offer's stock, and what the offer must be like to be changed at all. `stock` units are added, or
    removed when negative. Where the stock or the price (in minor units) is not the expected one, nothing is changed,
    neither title nor price; None accepts any."""

    stock: int = 0
    expected_stock: int | None = None
    expected_price: int | None = None

    def of(self, offer: Offer, title: str, unit_price: Money) -> Offer:
        """The offer as it becomes. Raises OfferChanged, and InvalidRequest for an impossible stock.

        The SQL of the PostgreSQL adapter repeats this rule.
        """
        expected = (self.expected_stock, self.expected_price)
        if any(
            want not in (None, has) for want, has in zip(expected, (offer.stock, offer.unit_price.amount), strict=True)
        ):
            raise OfferChanged(offer)
        return replace(offer, title=title, unit_price=unit_price, stock=offer.stock + self.stock)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """An offer as a buyer sees it. `available` units are the stock less what accepted orders still wait for."""

    offer: Offer
    seller_name: str
    available: int


def offer_id_for(seller_id: str, product_id: str) -> str:
    """The id of the one offer that a seller can make of a product: putting it twice changes it, never doubles it."""
    return str(uuid.uuid5(_OFFERS, f"{seller_id}\n{product_id}"))


class UnknownOffer(MarketplaceError):
    status = 404
    code = "unknown-offer"
    title = "There is no such offer"

    def __init__(self, offer_ids: tuple[str, ...]) -> None:
        super().__init__(f"There is no offer {', '.join(offer_ids)}.", offer_ids=list(offer_ids))
        self.offer_ids = offer_ids


class NotOnOffer(MarketplaceError):
    """There are no such offers, or they are in another currency."""

    status = 404
    code = "not-on-offer"
    title = "This is not on offer"

    def __init__(self, offer_ids: Collection[str], currency: str) -> None:
        self.offer_ids = tuple(sorted(offer_ids))
        super().__init__(
            f"Not on offer in {currency}: {', '.join(self.offer_ids)}. Buy without it, or choose another offer.",
            offer_ids=list(self.offer_ids),
            currency=currency,
        )
        self.currency = currency


def check_on_offer(offer_ids: Collection[str], offers: Mapping[str, Offer], currency: str) -> None:
    """Raises NotOnOffer for those without an offer in this currency."""
    on_offer = {offer_id for offer_id, offer in offers.items() if offer.unit_price.currency == currency}
    if missing := set(offer_ids) - on_offer:
        raise NotOnOffer(missing, currency)


class OfferChanged(MarketplaceError):
    """The offer is not as its seller expected: units were sold, or somebody else changed it."""

    status = 409
    code = "offer-changed"
    title = "The offer has changed"

    def __init__(self, offer: Offer) -> None:
        super().__init__(
            f"Offer {offer.offer_id} has {offer.stock} units at {offer.unit_price}, which is not what was expected. "
            "Look again, and send `stock_change`, or `stock` with `expected_stock`.",
            offer_id=offer.offer_id,
            stock=offer.stock,
            unit_price=offer.unit_price.amount,
        )
        self.offer = offer


class ProductChanged(MarketplaceError):
    """The description is not the one that the caller read."""

    status = 412
    code = "product-changed"
    title = "The product has changed"

    def __init__(self, product_id: str) -> None:
        super().__init__(
            f"The description of product {product_id} has changed. Read it again and repeat the change.",
            product_id=product_id,
        )
        self.product_id = product_id


class UnknownSeller(MarketplaceError):
    status = 404
    code = "unknown-seller"
    title = "There is no such seller"

    def __init__(self, seller_id: str) -> None:
        super().__init__(f"There is no seller {seller_id}. Register the seller first.", seller_id=seller_id)
        self.seller_id = seller_id


class ProductNotFound(MarketplaceError):
    status = 404
    code = "product-not-found"
    title = "There is no such product"

    def __init__(self, product_id: str) -> None:
        super().__init__(f"There is no product {product_id}.", product_id=product_id)
        self.product_id = product_id


class ProductWithdrawn(MarketplaceError):
    """The product is being taken away: nobody can make an offer of it."""

    status = 409
    code = "product-withdrawn"
    title = "The product is withdrawn"

    def __init__(self, product_id: str) -> None:
        super().__init__(f"Product {product_id} is withdrawn. Describe one of your own.", product_id=product_id)
        self.product_id = product_id


class OfferedByOthers(MarketplaceError):
    """The description belongs to those who sell the product, too."""

    status = 409
    code = "offered-by-others"
    title = "Other sellers offer this product"

    def __init__(self, product_id: str, others: int) -> None:
        super().__init__(
            f"{others} other sellers offer product {product_id}. Withdraw your own offer instead.",
            product_id=product_id,
            others=others,
        )
        self.product_id = product_id


class NotTheSeller(MarketplaceError):
    status = 403
    code = "not-the-seller"
    title = "Only its own seller may change this"

    def __init__(self, seller_id: str, product_id: str) -> None:
        super().__init__(
            f"Product {product_id} was described by another seller; {seller_id} may make an offer of it, not edit it.",
            seller_id=seller_id,
            product_id=product_id,
        )
        self.seller_id = seller_id
        self.product_id = product_id
