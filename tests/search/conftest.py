"""The engines of product search: in memory, the one of this machine, and the real OpenSearch where there is one."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from commerce.adapters.memory import MemoryProductSearch
from commerce.adapters.opensearch import OpenSearch, OpenSearchIndex, OpenSearchProductSearch, SearchSettings
from commerce.ports import ProductSearch, SearchIndex
from tests.search.real_opensearch import HOME, real_opensearch

ADDRESS = "OPENSEARCH_URL"
ENGINES = ("memory", "local", "opensearch")


@dataclass(frozen=True, kw_only=True)
class Engine:
    search: ProductSearch
    index: SearchIndex
    url: str | None = None


@pytest.fixture(scope="session")
def real_engine() -> Iterator[str]:
    if ADDRESS in os.environ:  # of one that runs already, which a test empties
        yield os.environ[ADDRESS]
        return
    if HOME not in os.environ:
        pytest.skip(f"{HOME} is not set: no real OpenSearch on this machine")
    with real_opensearch() as url:
        yield url


@pytest.fixture(params=ENGINES)
async def engine(request: pytest.FixtureRequest) -> AsyncIterator[Engine]:
    """An engine with an empty index."""
    if request.param == "memory":
        memory = MemoryProductSearch()
        await memory.prepare()
        yield Engine(search=memory, index=memory)
        return
    if request.param == "local":
        url = request.getfixturevalue("opensearch_server").url
    else:
        url = request.getfixturevalue("real_engine")
    settings = SearchSettings.from_url(url).model_copy(update={"timeout": timedelta(minutes=1)})
    client = OpenSearch(settings)
    for name in await client.send("GET", "/products-of-*"):
        await client.send("DELETE", f"/{name}")
    index = OpenSearchIndex(client)
    await index.prepare()
    yield Engine(search=OpenSearchProductSearch(client), index=index, url=url)
    await client.aclose()
