"""What the catalog's routes work with, handed to them by the composition root."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from commerce.ports import Offers, Products, Rankings
from commerce.product_images import ProductImages
from commerce.searching import CheckedSearch
from services.catalog.views import ViewRecorder
from services.http.health import Checks


@dataclass(frozen=True, kw_only=True, slots=True)
class Catalog:
    """The stores, search over them, the currency that offers are made in, and how to ask whether the stores answer."""

    products: Products
    offers: Offers
    images: ProductImages
    rankings: Rankings
    views: ViewRecorder
    search: CheckedSearch
    currency: str
    checks: Checks


def catalog_of(request: Request) -> Catalog:
    """The catalog of the running application."""
    catalog: Catalog = request.app.state.dependencies
    return catalog


async def _catalog(request: Request) -> Catalog:
    return catalog_of(request)


CatalogDependency = Annotated[Catalog, Depends(_catalog)]
