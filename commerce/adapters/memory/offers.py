"""`commerce.ports.Offers` in memory."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import replace

from commerce.adapters.memory.market import MemoryMarket
from commerce.catalog import Listing, Offer, OfferChange, Seller, UnknownOffer, UnknownSeller
from commerce.inventory import StockSnapshot
from commerce.money import Money


class MemoryOffers:
    def __init__(self, market: MemoryMarket) -> None:
        self._market = market

    async def put_seller(self, seller: Seller) -> None:
        known = self._market.sellers.get(seller.seller_id)
        account_id = seller.account_id or (known.account_id if known else None)
        self._market.sellers[seller.seller_id] = replace(seller, account_id=account_id)

    async def seller(self, seller_id: str) -> Seller:
        if seller_id not in self._market.sellers:
            raise UnknownSeller(seller_id)
        return self._market.sellers[seller_id]

    async def put(self, offer: Offer) -> None:
        await self.seller(offer.seller_id)
        self._market.offers[offer.offer_id] = offer

    async def create(self, offer: Offer) -> bool:
        await self.seller(offer.seller_id)
        return self._market.offers.setdefault(offer.offer_id, offer) is offer

    async def change(self, offer_id: str, title: str, unit_price: Money, change: OfferChange) -> Offer:
        if offer_id not in self._market.offers:
            raise UnknownOffer((offer_id,))
        changed = change.of(self._market.offers[offer_id], title, unit_price)
        self._market.offers[offer_id] = changed
        return changed

    async def rename(self, product_id: str, title: str) -> None:
        for offer in list(self._market.offers.values()):
            if offer.product_id == product_id:
                self._market.offers[offer.offer_id] = replace(offer, title=title)

    async def listings(self, product_ids: Collection[str]) -> Mapping[str, tuple[Listing, ...]]:
        by_price = sorted(self._market.offers.values(), key=lambda offer: (offer.unit_price.amount, offer.offer_id))
        return {
            product_id: tuple(self._listing(offer) for offer in by_price if offer.product_id == product_id)
            for product_id in product_ids
        }

    async def get(self, offer_ids: Collection[str]) -> Mapping[str, Listing]:
        return {
            offer_id: self._listing(self._market.offers[offer_id])
            for offer_id in offer_ids
            if offer_id in self._market.offers
        }

    async def available(self, offer_ids: Collection[str]) -> Mapping[str, int]:
        return {offer_id: self._market.available(offer_id) for offer_id in offer_ids if offer_id in self._market.offers}

    async def ids(self, after: str, limit: int) -> tuple[str, ...]:
        return tuple(sorted(offer_id for offer_id in self._market.offers if offer_id > after)[:limit])

    async def clock(self) -> int:
        return time.time_ns() // 1_000

    async def snapshot(self, offer_ids: Collection[str], reservations: Collection[str]) -> StockSnapshot:
        return StockSnapshot(
            available=await self.available(offer_ids),
            ordered=frozenset(
                order_id
                for order_id in reservations
                if order_id in self._market.orders and self._market.orders[order_id].keeps_units
            ),
        )

    def _listing(self, offer: Offer) -> Listing:
        return Listing(
            offer=offer,
            seller_name=self._market.sellers[offer.seller_id].display_name,
            available=max(self._market.available(offer.offer_id), 0),
        )
