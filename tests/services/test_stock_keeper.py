"""The upkeep of the counters behind the accept path."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection
from datetime import timedelta
from itertools import pairwise

import pytest

from commerce.orders import Checkout
from commerce.stock_keeping import StockKeeper
from services.checkout import stock
from services.checkout.app import Stores
from services.http.attention import Attention
from tests.services.conftest import Shop

EXPIRED = timedelta(0)


class RecordingKeeper(StockKeeper):
    """Records when the counters are rebuilt; `fails` makes the first time fail."""

    def __init__(self, stores: Stores, *, fails: bool = False) -> None:
        super().__init__(gate=stores.gate, offers=stores.offers)
        self.fails = fails
        self.reconciled: list[float] = []

    async def reconcile(self, offer_ids: Collection[str] | None = None) -> None:
        assert offer_ids is None
        self.reconciled.append(time.monotonic())
        if self.fails and len(self.reconciled) == 1:
            raise ConnectionError


async def times_of_reconciliations(keeper: RecordingKeeper, number: int) -> list[float]:
    """Seconds from the start of the upkeep, and then from one to the next."""
    started = time.monotonic()
    upkeep = asyncio.create_task(stock.keep_stock(keeper, Attention()))
    async with asyncio.timeout(10):
        while len(keeper.reconciled) < number:
            await asyncio.sleep(0.01)
    upkeep.cancel()
    moments = [started, *keeper.reconciled]
    return [later - earlier for earlier, later in pairwise(moments)]


async def test_the_counters_are_rebuilt_at_every_interval_and_no_more_often(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stock, "SWEEP_SECONDS", 0.01)
    monkeypatch.setattr(stock, "RECONCILE_SECONDS", 0.3)
    assert min(await times_of_reconciliations(RecordingKeeper(stores), 3)) >= 0.29


async def test_counters_that_could_not_be_rebuilt_are_rebuilt_at_the_next_sweep(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stock, "SWEEP_SECONDS", 0.01)
    monkeypatch.setattr(stock, "RECONCILE_SECONDS", 1.0)
    first, again = await times_of_reconciliations(RecordingKeeper(stores, fails=True), 2)
    assert first >= 0.99
    assert again < 0.9


async def test_a_sweep_takes_no_units_from_an_order_that_is_still_on_its_way(
    shop: Shop, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    mug = await shop.stock("mug", 5)
    await stores.gate.seed({mug: 5})
    await stores.gate.reserve("accepted", {mug: 2}, EXPIRED)
    await stores.orders.accept(
        Checkout(
            order_id="accepted",
            buyer_id="buyer",
            lines={mug: 2},
            payment_method="pm_card_visa",
            currency="usd",
            commission_basis_points=1000,
        )
    )
    await stores.gate.reserve("abandoned", {mug: 1}, EXPIRED)

    monkeypatch.setattr(stock, "SWEEP_SECONDS", 0.01)
    keeper = asyncio.create_task(stock.keep_stock(StockKeeper(gate=stores.gate, offers=stores.offers), Attention()))
    async with asyncio.timeout(5):
        while (await stores.gate.available([mug]))[mug] == 2:
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    keeper.cancel()
    assert (await stores.gate.available([mug]))[mug] == 3
