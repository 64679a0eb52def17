"""Product search on OpenSearch, over its HTTP API."""

from commerce.adapters.opensearch.connection import OpenSearch
from commerce.adapters.opensearch.product_search import OpenSearchProductSearch
from commerce.adapters.opensearch.search_index import OpenSearchIndex
from commerce.adapters.opensearch.settings import SearchSettings

__all__ = ["OpenSearch", "OpenSearchIndex", "OpenSearchProductSearch", "SearchSettings"]
