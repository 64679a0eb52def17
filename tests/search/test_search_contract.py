"""What every search engine does: in memory, this machine's own, and the real OpenSearch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from commerce.adapters.opensearch import OpenSearch, OpenSearchIndex, OpenSearchProductSearch, SearchSettings
from commerce.errors import InvalidRequest
from commerce.indexing import RebuildOvertaken
from commerce.search import FacetValue, IndexChange, SearchDocument, SearchQuery, SearchUnavailable, Sort
from tests.search.conftest import Engine
from toolkit.local.servers.opensearch import OpenSearchServer


def document(product_id: str, title: str, **values: object) -> SearchDocument:
    plain = SearchDocument(
        product_id=product_id,
        title=title,
        description="",
        category="home",
        sellers=("ada",),
        price=1_000,
        currency="usd",
        available=True,
    )
    return replace(plain, **values)  # type: ignore[arg-type]


async def put(engine: Engine, *documents: SearchDocument, version: int = 1) -> None:
    changes = [IndexChange(product_id=one.product_id, version=version, document=one) for one in documents]
    assert await engine.index.write(changes) == ()
    await engine.index.refresh()


async def found(engine: Engine, text: str = "", **asked: object) -> list[str]:
    page = await engine.search.search(SearchQuery(text=text, **asked))  # type: ignore[arg-type]
    return [hit.product_id for hit in page.hits]


SHOP = (
    document("lamp", "Brass desk lamp", description="Warm light for reading", price=4_900),
    document("chair", "Oak chair", description="Goes with a desk", price=12_000, sellers=("ben",)),
    document("cafe", "Café table", description="Round", category="garden", price=30_000, sellers=("ada", "ben")),
    document("bulb", "Bulb", description="For every lamp", category="light", price=300, available=False),
)


async def test_all_words_must_be_somewhere_and_the_title_counts_most(engine: Engine) -> None:
    await put(engine, *SHOP)
    assert await found(engine, "lamp") == ["lamp", "bulb"]
    assert await found(engine, "desk") == ["lamp", "chair"]
    assert await found(engine, "LAMP reading") == ["lamp"]
    assert await found(engine, "lamp oak") == []
    assert await found(engine, "garden") == ["cafe"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("lapm", "lamp"), ("chiar", "chair"), ("cafe", "cafe"), ("CAFÉ", "cafe"), ("redaing", "lamp"), ("tabel", "cafe")],
)
async def test_typing_errors_accents_and_case_are_forgiven(engine: Engine, typed: str, meant: str) -> None:
    await put(engine, *SHOP)
    assert (await found(engine, typed))[0] == meant


async def test_an_exact_word_comes_before_a_similar_one(engine: Engine) -> None:
    await put(engine, document("a", "Oat flakes"), document("z", "Oak table"))
    assert await found(engine, "oak") == ["z", "a"]


async def test_a_short_word_forgives_nothing(engine: Engine) -> None:
    await put(engine, document("tv", "TV stand"))
    assert (await found(engine, "tv"), await found(engine, "to")) == (["tv"], [])


@pytest.mark.parametrize("text", ['"', "(lamp", "lamp)", "lamp AND", "*", "lamp~", "\\", "+-&&||!{}[]^:/", " ", "a:b"])
async def test_no_character_is_an_operator(engine: Engine, text: str) -> None:
    await put(engine, *SHOP)
    await found(engine, text)


async def test_a_category_has_what_is_in_those_below_it(engine: Engine) -> None:
    await put(engine, *SHOP, document("mug", "Mug", category="kitchen"), document("flute", "Flute", category="music"))
    assert sorted(await found(engine, category="home")) == ["chair", "lamp", "mug"]
    assert await found(engine, category="kitchen") == ["mug"]
    assert await found(engine, category="unheard") == []


async def test_filters_narrow_the_results(engine: Engine) -> None:
    await put(engine, *SHOP)
    assert await found(engine, category="garden") == ["cafe"]
    assert await found(engine, seller_id="ben") == ["cafe", "chair"]
    assert await found(engine, minimum_price=4_900, maximum_price=12_000) == ["chair", "lamp"]
    assert await found(engine, maximum_price=299) == []
    assert await found(engine, "lamp", available=True) == ["lamp"]


async def test_results_are_sorted_by_price(engine: Engine) -> None:
    await put(engine, *SHOP, document("armchair", "Armchair", price=12_000))
    assert await found(engine, sort=Sort.CHEAPEST) == ["bulb", "lamp", "armchair", "chair", "cafe"]
    assert await found(engine, sort=Sort.DEAREST) == ["cafe", "armchair", "chair", "lamp", "bulb"]


async def test_facets_count_all_that_was_found(engine: Engine) -> None:
    await put(engine, *SHOP)
    page = await engine.search.search(SearchQuery(limit=1))
    assert (page.total, len(page.hits)) == (4, 1)
    assert page.facets is not None
    assert page.facets.categories == (
        FacetValue(value="home", count=2),
        FacetValue(value="garden", count=1),
        FacetValue(value="light", count=1),
    )
    assert page.facets.sellers == (FacetValue(value="ada", count=3), FacetValue(value="ben", count=2))
    prices = {(one.minimum, one.below): one.count for one in page.facets.prices if one.count}
    assert prices == {(0, 1_000): 1, (2_500, 5_000): 1, (10_000, 25_000): 1, (25_000, 50_000): 1}
    rest = await engine.search.search(SearchQuery(limit=1, cursor=page.next_cursor))
    assert (rest.total, rest.facets) == (4, None)


@pytest.mark.parametrize("sort", list(Sort))
@pytest.mark.parametrize("text", ["", "thing"])
async def test_paging_shows_every_product_once(engine: Engine, sort: Sort, text: str) -> None:
    await put(
        engine,
        *(document(f"p{number:03}", f"Thing {'more ' * (number % 3)}", price=number % 4) for number in range(60)),
    )
    seen: list[str] = []
    cursor = None
    for _ in range(10):
        page = await engine.search.search(SearchQuery(text=text, sort=sort, limit=7, cursor=cursor))
        seen += [hit.product_id for hit in page.hits]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert cursor is None
    assert sorted(seen) == [f"p{number:03}" for number in range(60)]


async def test_a_cursor_is_good_for_its_own_query_only(engine: Engine) -> None:
    await put(engine, *SHOP)
    page = await engine.search.search(SearchQuery(limit=1))
    assert page.next_cursor is not None
    for cursor, text in ((page.next_cursor, "lamp"), ("garbage", ""), ("", ""), ("e30=", ""), ("W10=", "")):
        with pytest.raises(InvalidRequest, match="cursor"):
            await engine.search.search(SearchQuery(text=text, cursor=cursor))


async def test_suggestions_complete_the_last_word(engine: Engine) -> None:
    await put(engine, *SHOP, document("second", "Brass desk lamp"))
    assert await engine.search.suggest("bra", 5) == ("Brass desk lamp",)
    assert await engine.search.suggest("desk l", 5) == ("Brass desk lamp",)
    assert await engine.search.suggest("cafe", 5) == ("Café table",)
    assert await engine.search.suggest("lamp oa", 5) == ()
    assert await engine.search.suggest(" .*", 5) == ()


async def test_a_late_write_does_not_overwrite_a_newer_one(engine: Engine) -> None:
    await put(engine, document("lamp", "Lantern"), version=5)
    await put(engine, document("lamp", "Lamp"), version=3)
    await put(engine, document("lamp", "Lamp"), version=5)
    assert (await found(engine, "lantern"), await found(engine, "lamp")) == (["lamp"], [])


async def test_a_late_write_does_not_bring_back_what_was_removed(engine: Engine) -> None:
    await put(engine, document("lamp", "Lamp"), version=1)
    assert await engine.index.write([IndexChange(product_id="lamp", version=4, document=None)]) == ()
    await put(engine, document("lamp", "Lamp"), version=3)
    assert await found(engine) == []
    await put(engine, document("lamp", "Lamp"), version=5)
    assert await found(engine) == ["lamp"]


async def test_one_document_that_cannot_be_indexed_stops_no_other(engine: Engine) -> None:
    changes = [
        IndexChange(product_id=one.product_id, version=1, document=one)
        for one in (document("a", "A thing"), document("bad", "A thing", price=2**70), document("b", "A thing"))
    ]
    [rejected] = await engine.index.write(changes)
    await engine.index.refresh()
    assert (rejected.product_id, rejected.version) == ("bad", 1)
    assert "price" in rejected.reason
    assert sorted(await found(engine, "thing")) == ["a", "b"]


async def test_a_new_index_asks_for_a_rebuild_until_it_had_one(engine: Engine) -> None:
    assert await engine.index.prepare() is True
    await engine.index.begin_rebuild("1")
    await engine.index.finish_rebuild("1")
    assert await engine.index.prepare() is False


async def test_a_rebuild_takes_over_in_one_step_and_loses_no_write(engine: Engine) -> None:
    await put(engine, document("old", "Old thing"), document("gone", "Gone thing"), document("both", "Both thing"))
    await engine.index.begin_rebuild("2")
    await put(engine, document("meanwhile", "New thing"), document("both", "Changed thing"), version=3)
    await engine.index.write([IndexChange(product_id="gone", version=3, document=None)])
    await engine.index.refresh()
    assert sorted(await found(engine, "thing")) == ["both", "meanwhile", "old"]
    read_before = [
        IndexChange(product_id=one.product_id, version=2, document=one)
        for one in (document("old", "Old thing"), document("gone", "Gone thing"), document("both", "Both thing"))
    ]
    assert await engine.index.write(read_before, "2") == ()
    await engine.index.finish_rebuild("2")
    await engine.index.refresh()
    assert sorted(await found(engine, "thing")) == ["both", "meanwhile", "old"]
    assert await found(engine, "changed") == ["both"]
    await put(engine, document("after", "After thing"), version=4)
    assert await found(engine, "after") == ["after"]


async def test_a_second_rebuild_overtakes_the_first(engine: Engine) -> None:
    await put(engine, document("lamp", "Lamp"))
    await engine.index.begin_rebuild("3")
    await engine.index.begin_rebuild("4")
    with pytest.raises(RebuildOvertaken):
        await engine.index.finish_rebuild("3")
    assert await found(engine, "lamp") == ["lamp"]
    await engine.index.finish_rebuild("4")
    assert await found(engine, "lamp") == []


async def test_an_engine_without_an_index_is_not_available_yet(opensearch_server: OpenSearchServer) -> None:
    client = OpenSearch(SearchSettings.from_url(opensearch_server.url))
    for name in await client.send("GET", "/products-of-*"):
        await client.send("DELETE", f"/{name}")
    search, index = OpenSearchProductSearch(client), OpenSearchIndex(client)
    with pytest.raises(SearchUnavailable):
        await search.search(SearchQuery())
    with pytest.raises(SearchUnavailable):
        await index.write([IndexChange(product_id="lamp", version=1, document=document("lamp", "Lamp"))])
    assert await client.send("GET", "/products*") == {}
    await client.aclose()
    gone = OpenSearch(SearchSettings(host="127.0.0.1:9", tls="disable"))
    with pytest.raises(SearchUnavailable):
        await OpenSearchProductSearch(gone).check()
    await gone.aclose()


async def test_indexes_aliases_and_versions_outlive_the_engine(tmp_path: Path) -> None:
    server = OpenSearchServer(tmp_path / "engine")
    for start in range(2):
        server.start()
        client = OpenSearch(SearchSettings.from_url(server.url))
        index = OpenSearchIndex(client)
        assert await index.prepare() is True
        await index.write(
            [IndexChange(product_id="lamp", version=5 - start, document=document("lamp", f"Lamp {start}"))]
        )
        page = await OpenSearchProductSearch(client).search(SearchQuery(text="lamp"))
        assert [hit.title for hit in page.hits] == ["Lamp 0"]
        await client.aclose()
        server.stop()
