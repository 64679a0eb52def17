"""What is known of products that belong together, in memory and in PostgreSQL; rankings, in memory and in Redis."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from commerce_samples import MarketPorts, checkout, memory_market, postgres_market, stock_up
from pytest import approx

from commerce.adapters.memory import MemoryAffinities, MemoryMarket, MemoryProducts, MemoryRankings
from commerce.adapters.postgres import PostgresAffinities
from commerce.adapters.redis import RedisRankings
from commerce.catalog import Product
from commerce.ports import Affinities, Rankings
from commerce.recommendations import KEPT, RECENT, Candidates, weight
from functions.recommendations.ranking import Ranker, Run

LAMP, RUG, TEA = "product-of-lamp", "product-of-rug", "product-of-tea"
LATER = timedelta(hours=1)
PRODUCTS = MemoryProducts()
"""None is described: the bestsellers have no category."""


@dataclass(frozen=True, kw_only=True)
class Shop:
    market: MarketPorts
    affinities: Affinities

    async def buy(self, order_id: str, *offer_ids: str) -> None:
        await stock_up(self.market.offers, stock=50)
        await self.market.orders.accept(checkout(order_id, dict.fromkeys(offer_ids, 1)))

    async def learn(self, limit: int = 100) -> frozenset[str]:
        return (await self.affinities.learn_orders(datetime.now(UTC) + LATER, limit)).products


@pytest.fixture(params=["memory", "postgres"])
def shop(request: pytest.FixtureRequest) -> Shop:
    if request.param == "memory":
        market = MemoryMarket()
        return Shop(market=memory_market(market), affinities=MemoryAffinities(market))
    pool: asyncpg.Pool = request.getfixturevalue("pool")
    return Shop(market=postgres_market(pool), affinities=PostgresAffinities(pool))


@pytest.fixture(params=["memory", "redis"])
def rankings(request: pytest.FixtureRequest) -> Rankings:
    return MemoryRankings() if request.param == "memory" else RedisRankings(request.getfixturevalue("redis_client"))


async def test_products_of_one_order_have_met(shop: Shop) -> None:
    await shop.buy("o1", "lamp", "rug")
    await shop.buy("o2", "tea")
    assert await shop.learn() == {LAMP, RUG, TEA}
    known = await shop.affinities.of([LAMP, TEA, "ghost"])
    assert known[LAMP].together.keys() == {RUG}
    assert known[LAMP].together[RUG].bought == approx(weight(datetime.now(UTC)), rel=1e-3)
    assert known[LAMP].alone.keys() == {LAMP, RUG}
    assert not known[TEA].together
    assert not known["ghost"].alone


async def test_an_order_is_learned_once(shop: Shop) -> None:
    await shop.buy("o1", "lamp", "rug")
    await shop.learn()
    before = await shop.affinities.of([LAMP])
    assert await shop.learn() == frozenset()
    assert await shop.affinities.of([LAMP]) == before


async def test_orders_are_learned_in_parts_and_none_is_left_out(shop: Shop) -> None:
    for number in range(7):
        await shop.buy(f"o{number}", "lamp", "rug")
    until = datetime.now(UTC) + LATER
    assert [(await shop.affinities.learn_orders(until, 3)).orders for _ in range(4)] == [3, 3, 1, 0]
    known = await shop.affinities.of([LAMP])
    assert known[LAMP].together[RUG].bought == approx(7 * weight(datetime.now(UTC)), rel=1e-3)


async def test_an_order_that_may_not_be_settled_waits(shop: Shop) -> None:
    await shop.buy("o1", "lamp", "rug")
    assert (await shop.affinities.learn_orders(datetime.now(UTC) - LATER, 10)).orders == 0
    assert await shop.learn() == {LAMP, RUG}


async def test_a_failed_order_teaches_nothing(shop: Shop) -> None:
    await shop.buy("o1", "lamp", "rug")
    await shop.market.orders.fail("o1", "declined")
    assert await shop.learn() == frozenset()
    assert await shop.affinities.bestsellers(9) == ()


async def test_bestsellers_are_counted_by_orders(shop: Shop) -> None:
    await shop.buy("o1", "tea", "lamp")
    await shop.buy("o2", "tea")
    await shop.buy("o3", "rug")
    await shop.learn()
    bestsellers = await shop.affinities.bestsellers(9)
    assert bestsellers[0] == TEA
    assert set(bestsellers) == {TEA, LAMP, RUG}
    assert await shop.affinities.bestsellers(1) == (TEA,)
    assert await shop.affinities.products("", 2) == (LAMP, RUG)
    assert await shop.affinities.products(RUG, 2) == (TEA,)


async def test_of_each_product_only_the_strongest_are_kept(shop: Shop) -> None:
    now = datetime.now(UTC)
    others = [f"p{number:03}" for number in range(KEPT + 30)]
    await shop.affinities.learn_views([(LAMP, other) for other in others for _ in range(1 + (other < "p050"))], now)
    together = (await shop.affinities.of([LAMP]))[LAMP].together
    assert len(together) == KEPT
    assert {f"p{number:03}" for number in range(50)} <= together.keys()


async def test_while_one_process_learns_another_does_nothing(pool: asyncpg.Pool) -> None:
    market = postgres_market(pool)
    await stock_up(market.offers)
    await market.orders.accept(checkout("o1", {"lamp": 1, "rug": 1}))
    affinities, until = PostgresAffinities(pool), datetime.now(UTC) + LATER
    async with pool.acquire() as other, other.transaction():
        await other.execute("SELECT 1 FROM recommendation_progress FOR UPDATE")
        assert (await affinities.learn_orders(until, 10)).orders == 0
    learned = await asyncio.gather(*(affinities.learn_orders(until, 10) for _ in range(4)))
    assert sum(one.orders for one in learned) == 1


async def test_a_ranking_is_read_as_it_was_published(rankings: Rankings) -> None:
    assert await rankings.beside("lamp", "light") == Candidates(rankings=((),), seen=("lamp",))
    assert not await rankings.published()
    await rankings.publish({"lamp": ("bulb", "rug")}, {"": ("tea",), "light": ("torch",)})
    assert await rankings.published()
    assert await rankings.beside("lamp", "light") == Candidates(
        rankings=(("bulb", "rug"),), seen=("lamp",), of_category=("torch",), of_all=("tea",)
    )
    assert (await rankings.beside("lamp")).of_category == ()


async def test_a_buyer_has_the_rankings_of_what_was_seen_last(rankings: Rankings) -> None:
    await rankings.publish({"lamp": ("bulb",), "tea": ("cup", "pot")}, {"": ("rug",)})
    await rankings.record_views([("ann", "lamp"), ("ann", "tea"), ("bob", "rug")])
    assert await rankings.for_buyer("ann") == Candidates(
        seen=("tea", "lamp"), rankings=(("cup", "pot"), ("bulb",)), of_all=("rug",)
    )
    assert await rankings.for_buyer("nobody") == Candidates(of_all=("rug",))
    await rankings.publish({}, {"home": ("lamp", "vase")})
    assert (await rankings.for_buyer("ann", "home")).of_category == ("lamp", "vase")
    assert (await rankings.for_buyer("ann")).of_category == ()


async def test_views_of_one_buyer_are_pairs(rankings: Rankings) -> None:
    await rankings.record_views([("ann", "a"), ("bob", "x"), ("ann", "a"), ("ann", "b"), ("bob", "y")])
    await rankings.record_views([("ann", "c")])
    assert await rankings.take_views(2) == (("a", "b"), ("x", "y"))
    assert await rankings.take_views(2) == (("b", "c"),)
    assert await rankings.take_views(2) == ()


async def test_a_buyer_keeps_the_latest_products_only(rankings: Rankings) -> None:
    await rankings.record_views([("ann", f"p{number}") for number in range(RECENT + 5)])
    assert (await rankings.for_buyer("ann")).seen == tuple(f"p{n}" for n in reversed(range(5, RECENT + 5)))


async def test_a_read_is_one_command(redis_client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rankings = RedisRankings(redis_client)
    await rankings.for_buyer("ann")  # the script is loaded with its first call
    sent: list[str] = []
    execute = redis_client.execute_command

    async def counted(*command: Any, **options: Any) -> Any:
        sent.append(command[0])
        return await execute(*command, **options)

    monkeypatch.setattr(redis_client, "execute_command", counted)
    await rankings.beside("lamp", "light")
    await rankings.for_buyer("ann")
    assert sent == ["MGET", "EVALSHA"]


async def test_a_run_learns_and_publishes(shop: Shop, rankings: Rankings) -> None:
    await shop.buy("o1", "lamp", "rug")
    await rankings.record_views([("ann", LAMP), ("ann", TEA)])
    ranker = Ranker(
        affinities=shop.affinities, products=PRODUCTS, rankings=rankings, clock=lambda: datetime.now(UTC) + LATER
    )
    assert await ranker.run() == Run(orders=1, views=1, ranked=3)
    assert (await rankings.beside(LAMP)).rankings == ((RUG, TEA),)
    assert (await rankings.beside(TEA)).of_all == (LAMP, RUG)
    assert await ranker.run() == Run(orders=0, views=0, ranked=0)


async def test_a_wiped_cache_gets_every_ranking_again(shop: Shop) -> None:
    await shop.buy("o1", "lamp", "rug")
    clock = lambda: datetime.now(UTC) + LATER  # noqa: E731
    await Ranker(affinities=shop.affinities, products=PRODUCTS, rankings=MemoryRankings(), clock=clock).run()
    empty = MemoryRankings()
    ranker = Ranker(affinities=shop.affinities, products=PRODUCTS, rankings=empty, clock=clock)
    assert await ranker.run() == Run(orders=0, views=0, ranked=2)
    assert (await empty.beside(LAMP)).rankings == ((RUG,),)


async def test_bestsellers_are_those_of_their_category_too(shop: Shop, rankings: Rankings) -> None:
    for number, offer_ids in enumerate((("lamp", "tea"), ("lamp",), ("rug",))):
        await shop.buy(f"o{number}", *offer_ids)
    products = MemoryProducts()
    for product_id, category in ((LAMP, "lighting"), (RUG, "textiles"), (TEA, "food")):
        await products.put(Product(product_id=product_id, title="T", description="", owner_id="ada", category=category))
    clock = lambda: datetime.now(UTC) + LATER  # noqa: E731
    await Ranker(affinities=shop.affinities, products=products, rankings=rankings, clock=clock).run()
    assert (await rankings.beside("new", "lighting")).of_category == (LAMP,)
    assert (await rankings.beside("new", "home")).of_category == (LAMP, RUG)
    assert (await rankings.beside("new", "music")).of_category == ()
