"""The catalog's routes."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from commerce.catalog import Offer, Product, Seller, UnknownOffer, offer_id_for
from commerce.errors import InvalidRequest
from commerce.money import Money
from services.catalog.dependencies import Catalog, CatalogDependency
from services.catalog.schemas import (
    OfferReference,
    OfferRequest,
    ProductBody,
    ProductPageBody,
    ProductRequest,
    SellerBody,
    SellerRequest,
)
from services.http.identity import SignedInSeller

router = APIRouter(prefix="/catalog", tags=["catalog"])


ProductId = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


@router.get("/products", summary="Browse")
async def list_products(
    catalog: CatalogDependency,
    limit: Annotated[int, Query(ge=1, le=100)] = 24,
    cursor: Annotated[str | None, Query(max_length=1024)] = None,
) -> ProductPageBody:
    page = await catalog.products.list(limit, cursor)
    listings = await catalog.offers.listings([product.product_id for product in page.items])
    return ProductPageBody(
        items=[ProductBody.of(product, listings[product.product_id]) for product in page.items],
        next_cursor=page.next_cursor,
    )


@router.get("/products/{product_id}", summary="One product with all its offers")
async def read_product(catalog: CatalogDependency, product_id: ProductId) -> ProductBody:
    product = await catalog.products.get(product_id)
    listings = await catalog.offers.listings([product_id])
    return ProductBody.of(product, listings[product_id])


@router.put("/sellers/me", summary="Register as a seller, or change the name that buyers see")
async def put_seller(catalog: CatalogDependency, caller: SignedInSeller, body: SellerRequest) -> SellerBody:
    await catalog.offers.put_seller(Seller(seller_id=caller.user_id, display_name=body.display_name))
    return SellerBody(seller_id=caller.user_id, display_name=body.display_name)


@router.put("/products/{product_id}", summary="Describe a product")
async def put_product(
    catalog: CatalogDependency, caller: SignedInSeller, product_id: ProductId, body: ProductRequest
) -> ProductBody:
    product = Product(product_id=product_id, title=body.title, description=body.description, owner_id=caller.user_id)
    await catalog.products.put(product)
    await catalog.offers.rename(product_id, body.title)
    listings = await catalog.offers.listings([product_id])
    return ProductBody.of(product, listings[product_id])


@router.put("/products/{product_id}/offer", summary="Offer a product: price, and stock unless it stays as it is")
async def put_offer(
    catalog: CatalogDependency, caller: SignedInSeller, product_id: ProductId, body: OfferRequest
) -> OfferReference:
    product = await catalog.products.get(product_id)
    offer_id = offer_id_for(caller.user_id, product_id)
    unit_price = Money(body.unit_price, catalog.currency)
    if body.stock is None:
        return OfferReference.of(await _repriced(catalog, offer_id, product.title, unit_price))
    offer = Offer(
        offer_id=offer_id,
        seller_id=caller.user_id,
        product_id=product_id,
        title=product.title,
        unit_price=unit_price,
        stock=body.stock,
    )
    await catalog.offers.put(offer)
    return OfferReference.of(offer)


async def _repriced(catalog: Catalog, offer_id: str, title: str, unit_price: Money) -> Offer:
    try:
        return await catalog.offers.reprice(offer_id, title, unit_price)
    except UnknownOffer as unknown:
        raise InvalidRequest("A new offer needs a `stock`: how many units there are.", offer_id=offer_id) from unknown
