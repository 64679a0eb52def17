"""The routes of products, sellers and offers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Response

from commerce.catalog import PRODUCT_ID, Product, Seller
from commerce.categories import category as known_category
from commerce.categories import tree
from commerce.money import Money
from services.catalog.dependencies import CatalogDependency
from services.catalog.recommended import available_among
from services.catalog.schemas import (
    CategoriesBody,
    CategoryBody,
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


@router.get("/categories", summary="The tree of categories")
async def list_categories() -> CategoriesBody:
    return CategoriesBody(items=[CategoryBody.of(one) for one in tree()])


@router.get("/products", summary="Browse all, those of a category with all below it, or those that a seller offers")
async def list_products(
    catalog: CatalogDependency,
    limit: Annotated[QueryInteger, Query(ge=1, le=100)] = 24,
    cursor: Annotated[str | None, Query(max_length=1024)] = None,
    category: Annotated[str | None, Query(max_length=64)] = None,
    seller: Annotated[str | None, Query(max_length=128)] = None,
) -> ProductPageBody:
    page = await catalog.browsing.page(limit, cursor, category=category, seller_id=seller)
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
    described = Product(
        product_id=product_id,
        title=body.title,
        description=body.description,
        owner_id=caller.user_id,
        category=None if body.category is None else known_category(body.category).category_id,
    )
    product = await catalog.selling.describe(described, _seen(if_match))
    response.headers["etag"] = product_tag(product)
    listings = await catalog.offers.listings([product_id])
    return ProductBody.of(product, listings[product_id])


@router.delete(
    "/products/{product_id}", status_code=204, summary="Take your product away, unless others offer it; orders stay"
)
async def delete_product(catalog: CatalogDependency, caller: SignedInSeller, product_id: ProductId) -> None:
    await catalog.selling.withdraw_product(caller.user_id, product_id)


@router.put("/products/{product_id}/offer", summary="Offer a product: price and stock, or a change of them")
async def put_offer(
    catalog: CatalogDependency, caller: SignedInSeller, product_id: ProductId, body: OfferRequest
) -> OfferReference:
    price = Money(body.unit_price, catalog.currency)
    return OfferReference.of(await catalog.selling.offer(caller.user_id, product_id, price, body.stock, body.change))


@router.delete("/products/{product_id}/offer", status_code=204, summary="Stop selling a product; orders stay")
async def delete_offer(catalog: CatalogDependency, caller: SignedInSeller, product_id: ProductId) -> None:
    await catalog.selling.withdraw_offer(caller.user_id, product_id)


@router.get("/products/{product_id}/recommendations", summary="What goes with a product")
async def recommend_beside(catalog: CatalogDependency, product_id: ProductId) -> RecommendationsBody:
    product = await catalog.products.get(product_id)
    candidates = await catalog.rankings.beside(product_id, product.category or "")
    return RecommendationsBody(items=await available_among(catalog, candidates.ordered()))


@router.get("/recommendations", summary="For the signed-in buyer, from what was looked at last")
async def recommend_for_buyer(catalog: CatalogDependency, caller: SignedIn) -> RecommendationsBody:
    candidates = await catalog.rankings.for_buyer(caller.user_id)
    return RecommendationsBody(items=await available_among(catalog, candidates.ordered()))


def _seen(if_match: str | None) -> Callable[[Product | None], bool] | None:
    """Whether a product is the one that the caller read."""
    if if_match is None:
        return None
    return lambda known: known is not None and product_tag(known) == if_match
