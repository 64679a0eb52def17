"""The catalog's routes."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Response

from commerce.catalog import (
    PRODUCT_ID,
    NotTheSeller,
    Offer,
    Product,
    ProductChanged,
    ProductNotFound,
    Seller,
    UnknownOffer,
    offer_id_for,
)
from commerce.errors import InvalidRequest
from commerce.money import Money
from services.catalog.dependencies import Catalog, CatalogDependency
from services.catalog.recommended import available_among
from services.catalog.schemas import (
    OfferReference,
    OfferRequest,
    ProductBody,
    ProductPageBody,
    ProductRequest,
    RecommendationsBody,
    SellerBody,
    SellerRequest,
    product_tag,
)
from services.http.edge import QueryInteger
from services.http.identity import AnyCaller, SignedIn, SignedInSeller

router = APIRouter(prefix="/catalog", tags=["catalog"])

ProductId = Annotated[str, Path(pattern=f"^{PRODUCT_ID}$")]
IfMatch = Annotated[str | None, Header(max_length=100, description="The ETag with which the product was read")]


@router.get("/products", summary="Browse")
async def list_products(
    catalog: CatalogDependency,
    limit: Annotated[QueryInteger, Query(ge=1, le=100)] = 24,
    cursor: Annotated[str | None, Query(max_length=1024)] = None,
) -> ProductPageBody:
    page = await catalog.products.list(limit, cursor)
    listings = await catalog.offers.listings([product.product_id for product in page.items])
    return ProductPageBody(
        items=[ProductBody.of(product, listings[product.product_id]) for product in page.items],
        next_cursor=page.next_cursor,
    )


@router.get("/products/{product_id}", summary="One product with all its offers")
async def read_product(
    catalog: CatalogDependency, caller: AnyCaller, product_id: ProductId, response: Response
) -> ProductBody:
    product = await catalog.products.get(product_id)
    if caller is not None:
        catalog.views.note(caller.user_id, product_id)
    response.headers["etag"] = product_tag(product)
    listings = await catalog.offers.listings([product_id])
    return ProductBody.of(product, listings[product_id])


@router.put("/sellers/me", summary="Register as a seller, or change the name that buyers see")
async def put_seller(catalog: CatalogDependency, caller: SignedInSeller, body: SellerRequest) -> SellerBody:
    await catalog.offers.put_seller(Seller(seller_id=caller.user_id, display_name=body.display_name))
    return SellerBody(seller_id=caller.user_id, display_name=body.display_name)


@router.put("/products/{product_id}", summary="Describe a product, with If-Match only if nobody else has meanwhile")
async def put_product(
    *,
    catalog: CatalogDependency,
    caller: SignedInSeller,
    product_id: ProductId,
    body: ProductRequest,
    response: Response,
    if_match: IfMatch = None,
) -> ProductBody:
    product = Product(product_id=product_id, title=body.title, description=body.description, owner_id=caller.user_id)
    known = await _editable(catalog, product, if_match)
    if known is not None:
        product = replace(known, title=body.title, description=body.description)
    # The order database first: when it cannot be written, the catalog keeps the old title, too.
    await catalog.offers.rename(product_id, body.title)
    try:
        await catalog.products.put(product, replacing=known)
    except (NotTheSeller, ProductChanged):
        await catalog.offers.rename(product_id, (await catalog.products.get(product_id)).title)
        raise
    response.headers["etag"] = product_tag(product)
    listings = await catalog.offers.listings([product_id])
    return ProductBody.of(product, listings[product_id])


@router.put("/products/{product_id}/offer", summary="Offer a product: price and stock, or a change of them")
async def put_offer(
    catalog: CatalogDependency, caller: SignedInSeller, product_id: ProductId, body: OfferRequest
) -> OfferReference:
    product = await catalog.products.get(product_id)
    offer_id = offer_id_for(caller.user_id, product_id)
    unit_price = Money(body.unit_price, catalog.currency)
    if body.stock is not None:
        offer = Offer(
            offer_id=offer_id,
            seller_id=caller.user_id,
            product_id=product_id,
            title=product.title,
            unit_price=unit_price,
            stock=body.stock,
        )
        if await catalog.offers.create(offer):
            return OfferReference.of(offer)
    try:
        return OfferReference.of(await catalog.offers.change(offer_id, product.title, unit_price, body.change))
    except UnknownOffer as unknown:
        raise InvalidRequest("A new offer needs a `stock`: how many units there are.", offer_id=offer_id) from unknown


@router.get("/products/{product_id}/recommendations", summary="What goes with a product")
async def recommend_beside(catalog: CatalogDependency, product_id: ProductId) -> RecommendationsBody:
    await catalog.products.get(product_id)
    return RecommendationsBody(items=await available_among(catalog, await catalog.rankings.beside(product_id)))


@router.get("/recommendations", summary="For the signed-in buyer, from what was looked at last")
async def recommend_for_buyer(catalog: CatalogDependency, caller: SignedIn) -> RecommendationsBody:
    return RecommendationsBody(items=await available_among(catalog, await catalog.rankings.for_buyer(caller.user_id)))


async def _editable(catalog: Catalog, product: Product, if_match: str | None) -> Product | None:
    """What the product replaces. Raises NotTheSeller, ProductChanged."""
    try:
        known = await catalog.products.get(product.product_id)
    except ProductNotFound:
        known = None
    if known is not None and known.owner_id != product.owner_id:
        raise NotTheSeller(product.owner_id, product.product_id)
    if if_match not in (None, known and product_tag(known)):
        raise ProductChanged(product.product_id)
    return known
