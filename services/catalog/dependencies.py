"""What the catalog's routes work with, handed to them by the composition root."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from commerce.browsing import Browsing
from commerce.ports import Files, Imports, Offers, Products, Rankings
from commerce.product_images import ProductImages
from commerce.searching import CheckedSearch
from commerce.selling import Selling
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
    imports: Imports
    files: Files
    currency: str
    checks: Checks

    @property
    def selling(self) -> Selling:
        """What sellers do with products and offers."""
        return Selling(products=self.products, offers=self.offers, images=self.images)

    @property
    def browsing(self) -> Browsing:
        """Pages of products."""
        return Browsing(products=self.products, offers=self.offers)


def catalog_of(request: Request) -> Catalog:
    """The catalog of the running application."""
    catalog: Catalog = request.app.state.dependencies
    return catalog


async def _catalog(request: Request) -> Catalog:
    return catalog_of(request)


CatalogDependency = Annotated[Catalog, Depends(_catalog)]
