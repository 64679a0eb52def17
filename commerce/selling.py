"""What sellers do with products and offers, over the two stores: descriptions in one, prices and stock in the other.

No transaction spans both, so each way through is written to be repeated, and to leave, wherever it stops, a state that
sells nothing wrong: the title is changed where it is sold first, and a product that is being withdrawn is marked before
its offers are looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from commerce.catalog import (
    NotTheSeller,
    Offer,
    OfferChange,
    OfferedByOthers,
    Product,
    ProductChanged,
    ProductNotFound,
    ProductWithdrawn,
    UnknownOffer,
    check_id,
    offer_id_for,
)
from commerce.errors import InvalidRequest
from commerce.money import Money
from commerce.ports import Offers, Products
from commerce.product_images import ProductImages

_ATTEMPTS = 5


class Selling:
    """Describe, offer and withdraw, each by the seller who may."""

    def __init__(self, *, products: Products, offers: Offers, images: ProductImages) -> None:
        self._products = products
        self._offers = offers
        self._images = images

    async def describe(self, described: Product, seen: Callable[[Product | None], bool] | None = None) -> Product:
        """Write a product's title, description and category, and keep the rest; one that was withdrawn is back.

        `seen` says whether what is there is what the caller read. Raises NotTheSeller, ProductChanged when it is not,
        and InvalidRequest for a new id that is kept for others.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            known = await self._find(described.product_id)
            if known is None:
                check_id(described.product_id)
            elif known.owner_id != described.owner_id:
                raise NotTheSeller(described.owner_id, described.product_id)
            if seen is not None and not seen(known):
                raise ProductChanged(described.product_id)
            product = described if known is None else replace(described, images=known.images)
            try:
                return await self._write(product, known)
            except ProductChanged:
                if seen is not None or attempt == _ATTEMPTS:
                    raise
        raise ProductChanged(described.product_id)

    async def offer(
        self, seller_id: str, product_id: str, price: Money, stock: int | None, change: OfferChange
    ) -> Offer:
        """Make an offer with this stock, or change the one that there is.

        Raises ProductNotFound, ProductWithdrawn, UnknownSeller, OfferChanged; InvalidRequest for a new offer without a
        stock.
        """
        product = await self._offered(product_id)
        offer_id = offer_id_for(seller_id, product_id)
        if stock is not None:
            offer = Offer(
                offer_id=offer_id,
                seller_id=seller_id,
                product_id=product_id,
                title=product.title,
                unit_price=price,
                stock=stock,
            )
            if await self._offers.create(offer):
                await self._still_offered(offer)
                # Search follows the products. What a crash here keeps from it, the next rebuild of its index finds.
                await self._products.touch(product_id)
                return offer
        try:
            changed = await self._offers.change(offer_id, product.title, price, change)
            await self._products.touch(product_id)
            return changed
        except UnknownOffer as unknown:
            raise InvalidRequest(
                "A new offer needs a `stock`: how many units there are.", offer_id=offer_id
            ) from unknown

    async def withdraw_offer(self, seller_id: str, product_id: str) -> None:
        """Stop selling. Orders that were accepted are still filled. Raises UnknownOffer when there is no such offer."""
        offer_id = offer_id_for(seller_id, product_id)
        if not await self._offers.withdraw([offer_id]):
            raise UnknownOffer((offer_id,))
        await self._products.touch(product_id)

    async def withdraw_product(self, seller_id: str, product_id: str) -> None:
        """Take a product away, with its owner's offer and its pictures.

        Raises ProductNotFound, NotTheSeller, and OfferedByOthers while somebody else sells it: the description is
        theirs, too. Whoever makes an offer at the same moment finds the mark, or is found here.
        """
        known = await self._products.get(product_id)
        if known.owner_id != seller_id:
            raise NotTheSeller(seller_id, product_id)
        marked = replace(known, withdrawn=True)
        await self._products.put(marked, replacing=known)
        listings = (await self._offers.listings([product_id]))[product_id]
        if others := [one.offer.seller_id for one in listings if one.offer.seller_id != seller_id]:
            await self._products.put(replace(marked, withdrawn=False), replacing=marked)
            raise OfferedByOthers(product_id, len(others))
        await self._offers.withdraw_product(product_id, seller_id)
        await self._products.delete(marked)
        await self._images.delete_files(product_id, [image.image_id for image in marked.images])

    async def _write(self, product: Product, known: Product | None) -> Product:
        # The order database first: when it cannot be written, the catalog keeps the old title, too.
        if known is None or known.title != product.title:
            await self._offers.rename(product.product_id, product.title)
        try:
            await self._products.put(product, replacing=known)
        except (NotTheSeller, ProductChanged):
            await self._offers.rename(product.product_id, (await self._products.get(product.product_id)).title)
            raise
        return product

    async def _find(self, product_id: str) -> Product | None:
        try:
            return await self._products.get(product_id)
        except ProductNotFound:
            return None

    async def _offered(self, product_id: str) -> Product:
        product = await self._products.get(product_id)
        if product.withdrawn:
            raise ProductWithdrawn(product_id)
        return product

    async def _still_offered(self, offer: Offer) -> None:
        """Take a new offer back whose product was withdrawn between the look at it and the offer."""
        try:
            await self._offered(offer.product_id)
        except (ProductNotFound, ProductWithdrawn):
            await self._offers.withdraw([offer.offer_id])
            raise
