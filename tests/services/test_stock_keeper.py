"""The upkeep of the counters behind the accept path."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from commerce.orders import Checkout
from commerce.stock_keeping import StockKeeper
from services.checkout import stock
from services.checkout.app import Stores
from tests.services.conftest import Shop

EXPIRED = timedelta(0)


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
    keeper = asyncio.create_task(stock.keep_stock(StockKeeper(gate=stores.gate, offers=stores.offers)))
    async with asyncio.timeout(5):
        while (await stores.gate.available([mug]))[mug] == 2:
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    keeper.cancel()
    assert (await stores.gate.available([mug]))[mug] == 3
