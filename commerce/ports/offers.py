from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from commerce.catalog import Listing, Offer, OfferChange, Seller
from commerce.inventory import StockSnapshot
from commerce.money import Money


class Offers(Protocol):
    """Sellers, prices and stock: the source of truth of what can be bought."""

    async def put_seller(self, seller: Seller) -> None:
        """Write a seller; an `account_id` of None keeps the one that is known."""
        ...

    async def seller(self, seller_id: str) -> Seller:
        """Raises UnknownSeller."""
        ...

    async def put(self, offer: Offer) -> None:
        """Write an offer, whatever was there: title, price and the whole stock. Raises UnknownSeller.

        The gate's counter does not follow by itself: see `StockKeeper.reconcile`.
        """
        ...

    async def create(self, offer: Offer) -> bool:
        """Write a new offer, also in the place of a withdrawn one; False when there is one, which is left as it is.
        Raises UnknownSeller."""
        ...

    async def change(self, offer_id: str, title: str, unit_price: Money, change: OfferChange) -> Offer:
        """Change title, price and stock (`OfferChange.of`) in one step, whatever is being sold meanwhile.

        Raises UnknownOffer, OfferChanged and InvalidRequest.
        """
        ...

    async def withdraw(self, offer_ids: Collection[str]) -> tuple[str, ...]:
        """Stop selling; returns those that were on sale. Withdrawn offers are found by none of the methods below, and
        `create` brings them back. Orders that were accepted keep their units."""
        ...

    async def withdraw_product(self, product_id: str, seller_id: str) -> None:
        """Stop the seller's offer of a product that is taken away, and tell of it."""
        ...

    async def products_of(self, seller_id: str, after: str, limit: int) -> tuple[str, ...]:
        """The next ids of the products that the seller offers, in their order. `after` is "" at the start."""
        ...

    async def rename(self, product_id: str, title: str) -> None:
        """Give all offers of a product its new title. Orders keep the title they were placed with."""
        ...

    async def listings(self, product_ids: Collection[str]) -> Mapping[str, tuple[Listing, ...]]:
        """The offers of each product (empty when it has none), cheapest first."""
        ...

    async def get(self, offer_ids: Collection[str]) -> Mapping[str, Listing]:
        """The offers that exist among these."""
        ...

    async def available(self, offer_ids: Collection[str]) -> Mapping[str, int]:
        """Units that can still be ordered (`inventory.available`), for the offers that exist among these."""
        ...

    async def ids(self, after: str, limit: int) -> tuple[str, ...]:
        """The next offer ids in their order, at most `limit`; empty at the end. `after` is "" at the start."""
        ...

    async def clock(self) -> int:
        """Microseconds of the order database's own clock: one clock for everybody who reads from it."""
        ...

    async def snapshot(self, offer_ids: Collection[str], reservations: Collection[str]) -> StockSnapshot:
        """What `StockKeeper.reconcile` needs, read at one instant."""
        ...
