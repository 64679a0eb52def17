"""What every store of the ledger does, in memory and in PostgreSQL."""

from __future__ import annotations

import pytest
from commerce_samples import MarketPorts

from commerce.ledger import LedgerConflict, LedgerTransaction, transaction
from commerce.money import Money


def moved(transaction_id: str, amount: int, currency: str = "usd") -> LedgerTransaction:
    return transaction(
        transaction_id, "order", [("stripe", Money(amount, currency)), ("seller:a:held", Money(-amount, currency))]
    )


async def test_the_same_fact_is_posted_once(market: MarketPorts) -> None:
    assert await market.ledger.post(moved("t1", 500))
    assert not await market.ledger.post(moved("t1", 500))
    assert await market.ledger.balance("stripe") == {"usd": 500}
    assert await market.ledger.get("t1") == moved("t1", 500)


async def test_another_fact_under_the_same_id_is_refused(market: MarketPorts) -> None:
    await market.ledger.post(moved("t1", 500))
    with pytest.raises(LedgerConflict):
        await market.ledger.post(moved("t1", 501))
    assert await market.ledger.get("t1") == moved("t1", 500)


async def test_balances_are_kept_per_account_and_currency(market: MarketPorts) -> None:
    await market.ledger.post(moved("t1", 500))
    await market.ledger.post(moved("t2", 70, "eur"))
    await market.ledger.post(moved("t3", -200))
    assert await market.ledger.balance("seller:a:held") == {"usd": -300, "eur": -70}
    assert await market.ledger.balance("nobody") == {}
    assert await market.ledger.totals() == {"usd": 0, "eur": 0}


async def test_a_transaction_that_moves_nothing_is_not_kept(market: MarketPorts) -> None:
    assert not await market.ledger.post(transaction("t1", "order", []))
    assert await market.ledger.get("t1") is None
