"""The composition root of the import function."""

from __future__ import annotations

from commerce.adapters import cloud
from commerce.adapters.postgres import DatabaseSettings, PostgresImports, PostgresOffers, connect_pool
from commerce.currencies import charge_limits
from commerce.offer_import import OfferImporter
from functions.catalog_import.settings import CatalogImportSettings


async def open_importer() -> OfferImporter:
    """Connects to the stores that this process's environment names. Raises InvalidRequest for another currency than
    the marketplace sells in.

    One connection: a file is read from its beginning to its end.
    """
    settings, database = CatalogImportSettings(), DatabaseSettings()
    charge_limits(settings.currency)
    chosen = cloud.load(settings.cloud)
    pool = await connect_pool(database, min_size=0, max_size=1, password=chosen.database_password(database))
    return OfferImporter(
        imports=PostgresImports(pool),
        offers=PostgresOffers(pool),
        products=chosen.products(settings.products_collection),
        files=chosen.files(settings.images_store),
        currency=settings.currency,
    )
