"""`commerce.ports.Offers` in memory."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import replace

from commerce.adapters.memory.market import MemoryMarket
from commerce.catalog import Listing, Offer, OfferChange, Seller, UnknownOffer, UnknownSeller, offer_id_for
from commerce.events import DomainEvent, EventType
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
        self._write(offer)

    async def create(self, offer: Offer) -> bool:
        await self.seller(offer.seller_id)
        if offer.offer_id in self._market.on_sale:
            return False
        self._write(offer)
        return True

    async def change(self, offer_id: str, title: str, unit_price: Money, change: OfferChange) -> Offer:
        if offer_id not in self._market.on_sale:
            raise UnknownOffer((offer_id,))
        changed = change.of(self._market.offers[offer_id], title, unit_price)
        self._write(changed)
        return changed

    async def withdraw(self, offer_ids: Collection[str]) -> tuple[str, ...]:
        gone = {one: self._market.on_sale[one] for one in offer_ids if one in self._market.on_sale}
        self._market.withdrawn |= gone.keys()
        self._tell([offer.product_id for offer in gone.values()])
        return tuple(sorted(gone))

    async def withdraw_product(self, product_id: str, seller_id: str) -> None:
        await self.withdraw([offer_id_for(seller_id, product_id)])
        self._market.record(DomainEvent(type=EventType.PRODUCT_WITHDRAWN, subject_id=product_id))

    async def products_of(self, seller_id: str, after: str, limit: int) -> tuple[str, ...]:
        own = {offer.product_id for offer in self._market.on_sale.values() if offer.seller_id == seller_id}
        return tuple(sorted(product_id for product_id in own if product_id > after)[:limit])

    async def rename(self, product_id: str, title: str) -> None:
        for offer in list(self._market.offers.values()):
            if offer.product_id == product_id:
                self._market.offers[offer.offer_id] = replace(offer, title=title)

    async def listings(self, product_ids: Collection[str]) -> Mapping[str, tuple[Listing, ...]]:
        by_price = sorted(self._market.shown.values(), key=lambda offer: (offer.unit_price.amount, offer.offer_id))
        return {
            product_id: tuple(self._listing(offer) for offer in by_price if offer.product_id == product_id)
            for product_id in product_ids
        }

    async def get(self, offer_ids: Collection[str]) -> Mapping[str, Listing]:
        shown = self._market.shown
        return {offer_id: self._listing(shown[offer_id]) for offer_id in offer_ids if offer_id in shown}

    async def available(self, offer_ids: Collection[str]) -> Mapping[str, int]:
        on_sale = self._market.on_sale
        return {offer_id: self._market.available(offer_id) for offer_id in offer_ids if offer_id in on_sale}

    async def ids(self, after: str, limit: int) -> tuple[str, ...]:
        return tuple(sorted(offer_id for offer_id in self._market.on_sale if offer_id > after)[:limit])

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

    def _write(self, offer: Offer) -> None:
        self._market.offers[offer.offer_id] = offer
        self._market.withdrawn.discard(offer.offer_id)
        self._tell([offer.product_id])

    def _tell(self, product_ids: list[str]) -> None:
        for product_id in product_ids:
            self._market.record(
                DomainEvent(type=EventType.OFFER_CHANGED, subject_id=product_id, data={"product_ids": [product_id]})
            )

    def _listing(self, offer: Offer) -> Listing:
        return Listing(
            offer=offer,
            seller_name=self._market.sellers[offer.seller_id].display_name,
            available=max(self._market.available(offer.offer_id), 0),
        )
