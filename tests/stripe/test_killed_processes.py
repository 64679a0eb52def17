"""A process is killed (SIGKILL) after any call of a saga or of a payout round, and every second time the cache is lost,
too: nothing is sold, charged or paid twice, or not at all. On real PostgreSQL and Redis, and the double of Stripe."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import asyncpg
from redis import Redis as BlockingRedis

from commerce.adapters.memory import MemoryCarts
from commerce.adapters.postgres import (
    DatabaseSettings,
    PostgresOffers,
    PostgresOrders,
    PostgresPayouts,
    PostgresSellerAccounts,
    connect_pool,
    migrate,
)
from commerce.adapters.redis import CacheSettings, RedisStockGate, connect
from commerce.catalog import Offer, Seller
from commerce.fraud import Decision
from commerce.money import Money
from commerce.orders import Checkout, OrderStatus
from commerce.payouts import LEASE
from commerce.stock_keeping import StockKeeper
from functions.checkout.saga import CHECKOUT
from functions.checkout.steps import CheckoutSteps
from functions.payouts.transfers import ConfirmAccounts, ReleaseDue, TransferDue
from tests.stripe.double import Double
from tests.stripe.gateways import gateway_of

SAGA_CALLS, ROUND_CALLS, STOCK = 9, 6, 50
WINDOW = timedelta(days=14)
NEVER = 10_000


class Allowed:
    """Fraud is tested elsewhere."""

    async def assess(self, order: Any) -> Any:
        return SimpleNamespace(outcome=Decision.ALLOW)

    async def cleared(self, order_id: str) -> bool:
        return True


class Deadly:
    """A port in a process that dies after the `left`-th call of all its ports took effect; before the first with 0."""

    def __init__(self, port: Any, fuse: list[int]) -> None:
        self._port, self._fuse = port, fuse

    def __getattr__(self, name: str) -> Any:
        async def call(*args: Any, **arguments: Any) -> Any:
            if self._fuse[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            result = await getattr(self._port, name)(*args, **arguments)
            self._fuse[0] -= 1
            if self._fuse[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return call


@dataclass
class Shop:
    """A process's own connections to the servers."""

    pool: asyncpg.Pool
    redis: Any
    double: Double
    fuse: list[int]

    @property
    def orders(self) -> PostgresOrders:
        return PostgresOrders(self.pool)

    async def saga(self, order_id: str) -> None:
        steps = CheckoutSteps(
            orders=Deadly(self.orders, self.fuse),
            carts=MemoryCarts(),
            offers=PostgresOffers(self.pool),
            gate=Deadly(RedisStockGate(self.redis), self.fuse),
            payments=Deadly(gateway_of(self.double.client()), self.fuse),
            fraud=Allowed(),  # type: ignore[arg-type]
        )
        for step in CHECKOUT.steps:
            assert await steps.run(step.name, order_id) == ""

    async def round(self, now: datetime) -> None:
        payouts, accounts = PostgresPayouts(self.pool), PostgresSellerAccounts(self.pool)
        gateway = Deadly(gateway_of(self.double.client()), self.fuse)
        await ReleaseDue(Deadly(payouts, self.fuse))(now)
        await ConfirmAccounts(Deadly(accounts, self.fuse), gateway)(now)
        await TransferDue(Deadly(payouts, self.fuse), gateway)(now)

    async def open(self, account_id: str) -> None:
        offers = PostgresOffers(self.pool)
        await offers.put_seller(Seller(seller_id="ada", display_name="Ada", account_id=account_id))
        price = Money(2_000, "usd")
        await offers.put(
            Offer(offer_id="lamp", seller_id="ada", product_id="lamp", title="Lamp", unit_price=price, stock=STOCK)
        )

    async def accept(self, order_id: str) -> None:
        keeper = StockKeeper(gate=RedisStockGate(self.redis), offers=PostgresOffers(self.pool))
        await keeper.reserve(order_id, {"lamp": 1}, timedelta(minutes=9))
        await self.orders.accept(
            Checkout(
                order_id=order_id,
                buyer_id="b",
                lines={"lamp": 1},
                payment_method="pm_card_visa",
                currency="usd",
                commission_basis_points=1_000,
            )
        )


def test_a_process_that_is_killed_at_any_step_loses_and_doubles_nothing(
    postgres_dsn: str, redis_url: str, own_double: Callable[..., Double]
) -> None:
    double = own_double()
    account = double.onboarded_account()

    async def prepare() -> None:
        owner = await asyncpg.connect(postgres_dsn)
        await migrate(owner)
        await owner.close()

    def here(work: Callable[[Shop], Awaitable[None]], calls: int = NEVER) -> None:
        asyncio.run(_with_shop(work, postgres_dsn, redis_url, double, calls))

    def killed(work: Callable[[Shop], Awaitable[None]], calls: int) -> bool:
        """Runs it in a process of its own; whether that was killed."""
        child = os.fork()
        if child == 0:
            try:
                here(work, calls)
            finally:
                os._exit(0)
        return os.WIFSIGNALED(os.waitpid(child, 0)[1])

    asyncio.run(prepare())
    here(lambda shop: shop.open(account))
    order_ids = [f"order-{calls}" for calls in range(SAGA_CALLS)]
    for calls, order_id in enumerate(order_ids):
        here(lambda shop, one=order_id: shop.accept(one))  # type: ignore[misc]
        assert killed(lambda shop, one=order_id: shop.saga(one), calls)  # type: ignore[misc]
        if calls % 2:
            with BlockingRedis.from_url(redis_url) as cache:
                cache.flushall()
        here(lambda shop, one=order_id: shop.saga(one))  # type: ignore[misc]

    async def fulfill(shop: Shop) -> None:
        for order_id in order_ids:
            order = await shop.orders.get(order_id)
            assert order.status is OrderStatus.CAPTURED
            await shop.orders.mark_fulfilled(order_id, datetime.now(UTC), WINDOW)
        left = (await PostgresOffers(shop.pool).get(["lamp"]))["lamp"].offer.stock
        assert left == STOCK - len(order_ids)

    here(fulfill)
    now = datetime.now(UTC) + WINDOW + timedelta(days=1)
    for calls in range(ROUND_CALLS):
        assert killed(lambda shop, at=now: shop.round(at), calls)  # type: ignore[misc]
        now += 2 * LEASE
    here(lambda shop: shop.round(now))
    client = double.client()
    charges = [charge for charge in client.v1.charges.list({"limit": 100}).data if charge.captured]
    assert sorted(str(charge.transfer_group) for charge in charges) == sorted(order_ids)
    transfers = client.v1.transfers.list({"limit": 100}).data
    assert sorted(str(transfer.transfer_group) for transfer in transfers) == sorted(order_ids)
    assert sum(double.balance_of(account)) == 1_800 * len(order_ids)

    async def books(shop: Shop) -> None:
        rows = await shop.pool.fetch("SELECT account, sum(amount)::int AS sum FROM ledger_entries GROUP BY 1")
        found = {row["account"]: row["sum"] for row in rows if row["sum"]}
        assert found == {"stripe": 200 * len(order_ids), "platform:commission": -200 * len(order_ids)}

    here(books)


async def _with_shop(
    work: Callable[[Shop], Awaitable[None]], dsn: str, redis_url: str, double: Double, calls: int
) -> None:
    pool, redis = await connect_pool(DatabaseSettings.from_dsn(dsn), 1, 1), connect(CacheSettings.from_url(redis_url))
    try:
        await work(Shop(pool=pool, redis=redis, double=double, fuse=[calls]))
    finally:
        await redis.aclose()
        await pool.close()
