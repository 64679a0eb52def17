"""The same operations at the same time, on connections of their own to a real PostgreSQL."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, cast

import asyncpg
import pytest
from commerce_samples import (
    NOON,
    RETURN_WINDOW,
    MarketPorts,
    checkout,
    confirmed,
    fulfilled,
    hold,
    open_accounts,
    postgres_market,
    stock_of,
    stock_up,
)

from commerce.adapters.postgres import (
    OUTAGES,
    DatabaseSettings,
    PostgresOrders,
    connect_pool,
    migrate,
    read_migrations,
)
from commerce.adapters.postgres.payouts import TURN
from commerce.catalog import OfferChange
from commerce.dispatch import Patience
from commerce.holds import ShareAlreadyPaid
from commerce.inventory import SoldOut
from commerce.money import Money
from commerce.orders import IllegalTransition, OrderStatus


@pytest.fixture
async def shop(pool: asyncpg.Pool) -> MarketPorts:
    market = postgres_market(pool)
    await stock_up(market.offers, stock=1)
    return market


async def authorized(market: MarketPorts, order_id: str, lines: dict[str, int]) -> None:
    await market.orders.accept(checkout(order_id, lines, buyer_id=f"buyer-of-{order_id}"))
    await market.orders.record_authorization(order_id, f"pi_{order_id}")


async def outcomes(*work: object) -> Counter[str]:
    results = await asyncio.gather(*work, return_exceptions=True)  # type: ignore[call-overload]
    return Counter(type(result).__name__ if isinstance(result, BaseException) else "done" for result in results)


async def test_of_two_buyers_of_the_last_unit_exactly_one_wins(shop: MarketPorts, market_dsn: str) -> None:
    await authorized(shop, "ann", {"lamp": 1})
    await authorized(shop, "bob", {"lamp": 1})
    pools = [await connect_pool(DatabaseSettings.from_dsn(market_dsn), 1, 1) for _ in range(2)]
    try:
        ann, bob = (PostgresOrders(pool) for pool in pools)
        assert await outcomes(ann.confirm_stock("ann"), bob.confirm_stock("bob")) == {"done": 1, "SoldOut": 1}
    finally:
        for pool in pools:
            await pool.close()
    assert await stock_of(shop, "lamp") == 0


async def test_the_second_buyer_waits_for_the_first_and_then_sees_the_truth(
    shop: MarketPorts, pool: asyncpg.Pool
) -> None:
    """The competing sale happens between the second buyer's reading and writing: the lock decides, not luck."""
    await authorized(shop, "bob", {"lamp": 1})
    async with pool.acquire() as ann:
        sale = ann.transaction()
        await sale.start()
        await ann.execute("UPDATE offers SET stock = stock - 1 WHERE offer_id = 'lamp'")
        bob = asyncio.create_task(shop.orders.confirm_stock("bob"))
        await until_somebody_waits_for_a_lock(pool)
        assert not bob.done()
        await sale.commit()
        with pytest.raises(SoldOut):
            await bob
    assert await stock_of(shop, "lamp") == 0


async def test_one_order_confirmed_by_many_workers_at_once_is_sold_once(shop: MarketPorts, pool: asyncpg.Pool) -> None:
    await pool.execute("UPDATE offers SET stock = 10")
    await authorized(shop, "o1", {"lamp": 2, "tea": 1})
    assert await outcomes(*(shop.orders.confirm_stock("o1") for _ in range(8))) == {"done": 8}
    assert (await stock_of(shop, "lamp"), await stock_of(shop, "tea")) == (8, 9)


async def test_an_order_that_fails_while_it_is_confirmed_ends_with_its_units_back(
    shop: MarketPorts, pool: asyncpg.Pool
) -> None:
    await pool.execute("UPDATE offers SET stock = 10")
    for number in range(10):
        name = f"o{number}"
        await authorized(shop, name, {"lamp": 1})
        work = [shop.orders.confirm_stock(name), shop.orders.fail(name, "timed_out"), shop.orders.restore_stock(name)]
        await outcomes(*(work if number % 2 else reversed(work)))
        assert (await shop.orders.get(name)).status is OrderStatus.FAILED
    assert await stock_of(shop, "lamp") == 10


async def test_carts_with_the_same_offers_in_another_order_do_not_deadlock(
    shop: MarketPorts, pool: asyncpg.Pool
) -> None:
    await pool.execute("UPDATE offers SET stock = 100")
    names = [f"o{number}" for number in range(24)]
    for number, name in enumerate(names):
        lines = ["lamp", "rug", "tea"] if number % 2 else ["tea", "rug", "lamp"]
        await authorized(shop, name, dict.fromkeys(lines, 1))
    assert await outcomes(*(shop.orders.confirm_stock(name) for name in names)) == {"done": 24}
    assert await outcomes(*(shop.orders.fail(name, "x") for name in names[:12])) == {"done": 12}
    assert await stock_of(shop, "rug") == 88


async def test_a_sale_that_waits_for_an_offer_holds_none_with_a_greater_id(
    shop: MarketPorts, pool: asyncpg.Pool
) -> None:
    """Locks are taken in the order of the ids, wherever the rows lie: that is why no deadlock is possible."""
    await pool.execute("UPDATE offers SET title = title WHERE offer_id = 'lamp'")  # now behind the others in the table
    await authorized(shop, "o1", {"tea": 1, "rug": 1, "lamp": 1})
    async with pool.acquire() as other:
        holding = other.transaction()
        await holding.start()
        await other.execute("SELECT FROM offers WHERE offer_id = 'lamp' FOR UPDATE")
        sale = asyncio.create_task(shop.orders.confirm_stock("o1"))
        await until_somebody_waits_for_a_lock(pool)
        await pool.execute("SELECT FROM offers WHERE offer_id IN ('rug', 'tea') FOR UPDATE NOWAIT")
        await holding.commit()
        await sale


async def test_one_checkout_sent_many_times_at_once_is_one_order(shop: MarketPorts) -> None:
    accepted = await asyncio.gather(*(shop.orders.accept(checkout("o1", {"lamp": 1, "tea": 1})) for _ in range(10)))
    assert sorted(one.replayed for one in accepted) == [False] + [True] * 9
    assert {one.total.amount for one in accepted} == {1999 + 450}
    order = await shop.orders.get("o1")
    assert (len(order.lines), len(order.sellers)) == (2, 2)
    assert len(await shop.outbox.take(10, timedelta(minutes=1))) == 1


async def test_checkouts_that_come_together_share_a_commit_and_are_refused_each_for_itself(
    shop: MarketPorts, pool: asyncpg.Pool
) -> None:
    await pool.execute("UPDATE offers SET stock = 5 WHERE offer_id = 'lamp'")
    good = [checkout(f"o{one}", {"lamp": one, "tea": 1}, buyer_id=f"buyer-{one}") for one in range(1, 4)]
    many = checkout("too-many", {"lamp": 6}, buyer_id="buyer-4")
    unwritable = checkout("unwritable", {"lamp": 1}, buyer_id="buyer-\0")
    answers = await asyncio.gather(
        *map(shop.orders.accept, (good[0], many, good[1], unwritable, good[2])), return_exceptions=True
    )
    assert [type(one).__name__ for one in answers] == [
        "Accepted", "SoldOut", "Accepted", "CharacterNotInRepertoireError", "Accepted",
    ]  # fmt: skip
    for one in good:
        order = await shop.orders.get(one.order_id)
        assert ({line.offer_id: line.quantity for line in order.lines}, order.buyer_id) == (one.lines, one.buyer_id)
        assert sum(share.gross.amount for share in order.sellers) == order.total.amount
    together = [checkout(f"p{one}", {"tea": 1}, buyer_id=f"buyer-{one}") for one in range(10, 14)]
    await asyncio.gather(*map(shop.orders.accept, together))
    transactions = "SELECT count(DISTINCT xmin::text) FROM orders WHERE order_id LIKE 'p%'"
    assert await pool.fetchval(transactions) == 1


async def test_accepting_never_waits_for_a_sale_of_the_same_offer(shop: MarketPorts, pool: asyncpg.Pool) -> None:
    async with pool.acquire() as seller, seller.transaction():
        await seller.execute("SELECT FROM offers FOR UPDATE")
        await asyncio.wait_for(shop.orders.accept(checkout("o1", {"lamp": 1, "tea": 1})), timeout=5)


class Unsteady:
    """The pool, on which the lamp's stock is 1 whenever offers are only read, and `otherwise` at every other moment."""

    def __init__(self, pool: asyncpg.Pool, otherwise: int) -> None:
        self._pool = pool
        self._otherwise = otherwise

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)

    async def fetch(self, query: str, *arguments: Any) -> Any:
        return await self._read(self._pool.fetch, query, *arguments)

    async def fetchrow(self, query: str, *arguments: Any) -> Any:
        reads = query.lstrip().startswith("SELECT")
        return await (
            self._read(self._pool.fetchrow, query, *arguments) if reads else self._pool.fetchrow(query, *arguments)
        )

    async def _read(self, read: Callable[..., Awaitable[Any]], *arguments: Any) -> Any:
        if "INSERT INTO" in arguments[0]:
            return await read(*arguments)
        await self._pool.execute("UPDATE offers SET stock = 1 WHERE offer_id = 'lamp'")
        found = await read(*arguments)
        await self._pool.execute("UPDATE offers SET stock = $1 WHERE offer_id = 'lamp'", self._otherwise)
        return found


async def test_what_became_possible_before_the_refusal_was_told_is_done(shop: MarketPorts, pool: asyncpg.Pool) -> None:
    unsteady = postgres_market(cast("asyncpg.Pool", Unsteady(pool, otherwise=1)))
    await pool.execute("UPDATE offers SET stock = 0")
    accepted = await unsteady.orders.accept(checkout("o1", {"lamp": 1}, expected_total=1999))
    assert (accepted.total.amount, accepted.replayed) == (1999, False)
    assert (await shop.orders.get("o1")).status is OrderStatus.ACCEPTED
    await pool.execute("UPDATE offers SET stock = 0")
    change = OfferChange(stock=4, expected_stock=1)
    assert (await unsteady.offers.change("lamp", "Lamp", Money(1999, "usd"), change)).stock == 5
    assert await stock_of(shop, "lamp") == 5


async def test_an_offer_that_never_keeps_still_is_given_up_and_worth_another_try(
    shop: MarketPorts, pool: asyncpg.Pool
) -> None:
    unsteady = postgres_market(cast("asyncpg.Pool", Unsteady(pool, otherwise=0)))
    await pool.execute("UPDATE offers SET stock = 0")
    with pytest.raises(OUTAGES, match="change all the time"):
        await unsteady.orders.accept(checkout("o1", {"lamp": 1}))
    with pytest.raises(OUTAGES, match="changes all the time"):
        await unsteady.offers.change("lamp", "Lamp", Money(1999, "usd"), OfferChange(expected_stock=1))
    assert (await shop.orders.page(9, None, "buyer")).items == ()


async def test_one_order_split_by_many_workers_at_once_is_posted_once(shop: MarketPorts) -> None:
    await confirmed(shop, "o1", {"lamp": 1})
    assert await outcomes(*(shop.orders.record_capture("o1", "ch_1") for _ in range(6))) == {"done": 6}
    assert await outcomes(*(shop.orders.record_split("o1") for _ in range(6))) == {"done": 6}
    assert await outcomes(*(shop.orders.mark_fulfilled("o1", NOON, RETURN_WINDOW) for _ in range(6))) == {"done": 6}
    assert await shop.ledger.balance("stripe") == {"usd": 1999}


async def test_of_two_charges_for_one_order_exactly_one_is_recorded(shop: MarketPorts) -> None:
    await confirmed(shop, "o1", {"lamp": 1})
    captures = (shop.orders.record_capture("o1", f"ch_{number}") for number in range(4))
    assert await outcomes(*captures) == {"done": 1, IllegalTransition.__name__: 3}


async def test_concurrent_payout_sweeps_release_every_share_once(shop: MarketPorts, pool: asyncpg.Pool) -> None:
    await pool.execute("UPDATE offers SET stock = 100")
    for number in range(10):
        await fulfilled(shop, f"o{number}", {"lamp": 1, "tea": 1})
    counts = await asyncio.gather(*(shop.payouts.release_due(NOON + RETURN_WINDOW, limit=7) for _ in range(8)))
    assert sum(counts) == 20
    assert await shop.ledger.totals() == {"usd": 0}


async def test_relays_share_the_outbox_without_taking_a_row_twice(shop: MarketPorts) -> None:
    for number in range(30):
        await shop.orders.accept(checkout(f"o{number}", {"tea": 1}))
    taken = await asyncio.gather(*(shop.outbox.take(5, timedelta(minutes=1)) for _ in range(10)))
    orders = [dispatch.order_id for batch in taken for dispatch in batch]
    assert len(orders) == len(set(orders))
    while rest := await shop.outbox.take(5, timedelta(minutes=1)):  # rows locked by another at that instant
        orders += [dispatch.order_id for dispatch in rest]
    assert sorted(orders) == sorted(f"o{number}" for number in range(30))


async def test_no_more_is_taken_than_was_asked_for_however_it_is_planned(shop: MarketPorts, market_dsn: str) -> None:
    """PostgreSQL may run a subquery with a limit once for each row, and each time it finds other rows that are free."""
    for number in range(6):
        await shop.orders.accept(checkout(f"o{number}", {"tea": 1}))
    others = ("hashjoin", "mergejoin", "hashagg", "sort", "material", "memoize")
    loops = {f"enable_{other}": "off" for other in others}
    async with asyncpg.create_pool(market_dsn, min_size=1, max_size=1, server_settings=loops) as planned:
        other = postgres_market(planned)
        assert len(await other.events.take(2, timedelta(minutes=1))) == 2
        assert len(await other.outbox.take(2, timedelta(minutes=1))) == 2
        await planned.execute("DELETE FROM outbox")
        patience = Patience(idle=timedelta(0), fulfillment_idle=timedelta(0), dispatches=9)
        assert (await other.outbox.redispatch(patience, 2)).queued == 2


async def test_concurrent_migrations_of_one_database_apply_each_file_once(postgres_dsn: str) -> None:
    connections = [await asyncpg.connect(postgres_dsn) for _ in range(4)]
    applied = await asyncio.gather(*(migrate(connection) for connection in connections))
    for connection in connections:
        await connection.close()
    assert sorted(map(len, applied)) == [0, 0, 0, len(read_migrations())]


async def until_somebody_waits_for_a_lock(pool: asyncpg.Pool) -> None:
    for _ in range(1000):
        if await pool.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody waits for a lock")


async def released(shop: MarketPorts, pool: asyncpg.Pool, orders: int) -> None:
    """Orders of Ada's whose shares wait for their transfer."""
    await pool.execute("UPDATE offers SET stock = 100")
    await open_accounts(shop)
    for number in range(orders):
        await fulfilled(shop, f"o{number}", {"lamp": 1})
    assert await shop.payouts.release_due(NOON + RETURN_WINDOW) == orders


async def test_workers_at_once_claim_every_share_once(shop: MarketPorts, pool: asyncpg.Pool) -> None:
    await released(shop, pool, 10)
    claims = await asyncio.gather(*(shop.payouts.claim(NOON + RETURN_WINDOW, limit=6) for _ in range(6)))
    claimed = [payout.order_id for claim in claims for payout in claim]
    claimed += [payout.order_id for payout in await shop.payouts.claim(NOON + RETURN_WINDOW)]
    assert sorted(claimed) == sorted(f"o{number}" for number in range(10))


async def test_a_hold_and_a_claim_at_the_same_time_have_one_winner(shop: MarketPorts, pool: asyncpg.Pool) -> None:
    await released(shop, pool, 6)
    for number in range(6):
        placed, claimed = await asyncio.gather(
            shop.holds.place(hold(f"o{number}")), shop.payouts.claim(NOON + RETURN_WINDOW), return_exceptions=True
        )
        assert isinstance(claimed, tuple)
        paid = f"o{number}" in {payout.order_id for payout in claimed} or isinstance(placed, ShareAlreadyPaid)
        assert paid is isinstance(placed, ShareAlreadyPaid)
        held_back = {one.order_id for one in await shop.holds.of_seller("ada")}
        assert (f"o{number}" in held_back) is not paid


async def test_a_hold_that_is_under_way_stops_the_claim_that_comes_after_it(
    shop: MarketPorts, pool: asyncpg.Pool
) -> None:
    await released(shop, pool, 1)
    async with pool.acquire() as connection:
        turn = connection.transaction()
        await turn.start()
        await connection.execute(TURN, "ada")
        claim = asyncio.create_task(shop.payouts.claim(NOON + RETURN_WINDOW))
        await until_somebody_waits_for_a_lock(pool)
        await connection.execute(
            "INSERT INTO holds (hold_id, seller_id, order_id, reason, placed_by, placed_at) "
            "VALUES ('h', 'ada', 'o0', 'r', 'p', now())"
        )
        await turn.commit()
    assert await claim == ()


async def test_of_two_transfers_of_one_share_exactly_one_is_recorded(shop: MarketPorts, pool: asyncpg.Pool) -> None:
    await released(shop, pool, 1)
    await shop.payouts.claim(NOON + RETURN_WINDOW)
    transfers = (shop.payouts.record_transfer("o0", "ada", f"tr_{number}") for number in range(4))
    assert await outcomes(*transfers) == {"done": 1, IllegalTransition.__name__: 3}
    assert await shop.ledger.totals() == {"usd": 0}
