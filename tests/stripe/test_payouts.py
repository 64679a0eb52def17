"""Payouts over real PostgreSQL and the double: paid once, never early, and found again after a crash."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from commerce.adapters.postgres import (
    PostgresLedger,
    PostgresOffers,
    PostgresOrders,
    PostgresPayouts,
    PostgresSellerAccounts,
    PostgresStatements,
)
from commerce.catalog import Offer, Seller
from commerce.ledger import payable
from commerce.money import Money
from commerce.orders import Checkout
from commerce.payments import PaymentUnavailable
from commerce.payouts import LEASE, RETRY_REFUSED_AFTER, PayoutState
from functions.payouts.one_by_one import one_by_one
from functions.payouts.round import Round
from functions.payouts.transfers import ConfirmAccounts, ReleaseDue, TransferDue
from tests.stripe.double import Double
from tests.stripe.gateways import gateway_of, gateway_with

WINDOW = timedelta(days=14)
NOW = datetime.now(UTC)
CLOSED = NOW + WINDOW


class Shop:
    """A seller whose account is `account_id`, its orders, and the round that pays it."""

    def __init__(self, pool: asyncpg.Pool, double: Double, account_id: str) -> None:
        self.double = double
        self.account_id = account_id
        self.orders, self.offers = PostgresOrders(pool), PostgresOffers(pool)
        self.payouts, self.ledger = PostgresPayouts(pool), PostgresLedger(pool)
        self.accounts, self.statements = PostgresSellerAccounts(pool), PostgresStatements(pool)
        self.gateway = gateway_of(double.client())

    def round(self, gateway: Any = None) -> Round:
        chosen = gateway or self.gateway
        return Round(
            {
                "released": ReleaseDue(self.payouts),
                "accounts": ConfirmAccounts(self.accounts, chosen),
                "transferred": TransferDue(self.payouts, chosen),
            }
        )

    async def sell(self, order_id: str) -> None:
        """An order of 20.00 at a commission of 10 per cent, paid by card and fulfilled."""
        await self.offers.put_seller(Seller(seller_id="ada", display_name="Ada", account_id=self.account_id))
        lamp = Offer(
            offer_id="lamp", seller_id="ada", product_id="lamp", title="Lamp", unit_price=Money(2000, "usd"), stock=99
        )
        await self.offers.put(lamp)
        await self.orders.accept(
            Checkout(
                order_id=order_id,
                buyer_id="buyer",
                lines={"lamp": 1},
                payment_method="pm_card_visa",
                currency="usd",
                commission_basis_points=1000,
            )
        )
        paid = await self.gateway.authorize(order_id=order_id, amount=Money(2000, "usd"), payment_method="pm_card_visa")
        await self.orders.record_authorization(order_id, paid.payment_intent_id)
        await self.orders.confirm_stock(order_id)
        charge = await self.gateway.capture(order_id=order_id, payment_intent_id=paid.payment_intent_id)
        await self.orders.record_capture(order_id, charge.charge_id)
        await self.orders.record_split(order_id)
        await self.orders.mark_fulfilled(order_id, NOW, WINDOW)

    def transfers(self) -> list[int]:
        """What the processor moved to the seller."""
        made = self.double.client().v1.transfers.list({"destination": self.account_id, "limit": 100})
        return [transfer.amount for transfer in made.auto_paging_iter()]


class Dying:
    """A gateway whose process dies after the processor has made the transfer, and before anybody knows."""

    def __init__(self, gateway: Any) -> None:
        self._gateway = gateway

    def __getattr__(self, name: str) -> Any:
        return getattr(self._gateway, name)

    async def transfer(self, **what: Any) -> str:
        await self._gateway.transfer(**what)
        raise PaymentUnavailable("The connection was lost.")


@pytest.fixture
def shop(pool: asyncpg.Pool, double: Double, seller: str) -> Shop:
    return Shop(pool, double, seller)


async def test_a_share_is_paid_when_its_return_window_has_closed_and_not_before(shop: Shop, order_id: str) -> None:
    await shop.sell(order_id)
    assert await shop.round().run(CLOSED - timedelta(seconds=1)) == {"released": 0, "accounts": 1, "transferred": 0}
    assert shop.transfers() == []
    assert await shop.round().run(CLOSED) == {"released": 1, "accounts": 0, "transferred": 1}
    assert await shop.round().run(CLOSED + timedelta(days=9)) == {"released": 0, "accounts": 0, "transferred": 0}
    assert shop.transfers() == [1800]
    assert await shop.ledger.balance(payable("ada")) == {"usd": 0}


async def test_two_rounds_at_once_pay_once(shop: Shop, order_id: str) -> None:
    for number in range(3):
        await shop.sell(f"{order_id}-{number}")
    await shop.round().run(NOW)
    rounds = await asyncio.gather(*(shop.round().run(CLOSED) for _ in range(3)))
    assert sum(one["transferred"] for one in rounds) == 3
    assert shop.transfers() == [1800] * 3


async def test_a_transfer_that_nobody_recorded_is_found_and_not_made_again(shop: Shop, order_id: str) -> None:
    await shop.sell(order_id)
    with pytest.raises(ExceptionGroup, match="1 of 3 tasks failed"):
        await shop.round(Dying(shop.gateway)).run(CLOSED)
    assert shop.transfers() == [1800]
    assert (await shop.round().run(CLOSED + timedelta(minutes=1)))["transferred"] == 0
    assert (await shop.round().run(CLOSED + LEASE))["transferred"] == 1
    assert shop.transfers() == [1800]
    assert await shop.ledger.balance(payable("ada")) == {"usd": 0}


async def test_a_key_that_is_refused_after_a_lost_transfer_does_not_pay_twice(shop: Shop, order_id: str) -> None:
    await shop.sell(order_id)
    with pytest.raises(ExceptionGroup):
        await shop.round(Dying(shop.gateway)).run(CLOSED)
    revoked = gateway_with(api_key="sk_test_revoked", api_base=shop.double.url)
    with pytest.raises(ExceptionGroup):
        await shop.round(revoked).run(CLOSED + LEASE)
    await shop.round().run(CLOSED + 2 * LEASE)
    [paid] = (await shop.payouts.of_seller("ada", 10)).items
    assert (paid.state, paid.attempt) == (PayoutState.SENT, 1)
    await shop.round().run(CLOSED + RETRY_REFUSED_AFTER + 2 * LEASE)
    assert shop.transfers() == [1800]


class Unanswered:
    """A gateway that never answers for some orders."""

    def __init__(self, gateway: Any, *order_ids: str) -> None:
        self._gateway, self._order_ids = gateway, order_ids

    def __getattr__(self, name: str) -> Any:
        return getattr(self._gateway, name)

    async def transfer(self, **what: Any) -> str:
        if what["order_id"] in self._order_ids:
            raise PaymentUnavailable("No answer.")
        paid: str = await self._gateway.transfer(**what)
        return paid


async def test_a_transfer_without_an_answer_keeps_no_other_seller_waiting(shop: Shop, order_id: str) -> None:
    for number in range(3):
        await shop.sell(f"{order_id}-{number}")
    await shop.round().run(NOW)
    unanswered = Unanswered(shop.gateway, f"{order_id}-0")
    for late in (timedelta(0), LEASE, 2 * LEASE):
        with pytest.raises(ExceptionGroup, match="1 of 3 tasks failed"):
            await shop.round(unanswered).run(CLOSED + late)
    assert shop.transfers() == [1800] * 2
    await shop.round().run(CLOSED + 3 * LEASE)
    assert shop.transfers() == [1800] * 3


async def test_a_processor_that_cannot_be_reached_is_not_asked_for_each_share() -> None:
    asked: list[int] = []

    async def settle(one: int) -> bool:
        asked.append(one)
        raise PaymentUnavailable("No answer.")

    with pytest.raises(ExceptionGroup, match="3 were not settled"):
        await one_by_one(range(50), settle)
    assert asked == [0, 1, 2]


async def test_an_account_that_takes_no_transfers_waits_until_the_seller_has_answered(
    pool: asyncpg.Pool, double: Double, order_id: str
) -> None:
    account_id = await gateway_of(double.client()).create_account(
        seller_id=order_id, country="US", email="ada@sellers.example"
    )
    shop = Shop(pool, double, account_id)
    await shop.sell(order_id)
    assert (await shop.round().run(CLOSED))["transferred"] == 0
    account = await shop.accounts.get("ada")
    assert account is not None
    assert account.waits_for is not None
    link = await shop.gateway.account_link(
        account_id, return_url="https://a.example/", refresh_url="https://b.example/"
    )
    assert link.expires_at > datetime.now(UTC)
    double.post(f"/_double/accounts/{account_id}/onboard")
    await shop.round().run(CLOSED + timedelta(days=1))
    assert (await shop.round().run(CLOSED + timedelta(days=2)))["transferred"] in {0, 1}
    assert shop.transfers() == [1800]


async def test_a_statement_agrees_with_the_processor_to_the_cent(shop: Shop, order_id: str) -> None:
    for number in range(3):
        await shop.sell(f"{order_id}-{number}")
    await shop.round().run(NOW)
    await shop.round().run(CLOSED)
    statement = await shop.statements.statement("ada", NOW - timedelta(days=1), datetime.now(UTC) + timedelta(days=1))
    [usd] = statement.currencies
    assert usd.transferred == sum(shop.transfers()) == 3 * 1800
    assert usd.closing == 0
    listed = shop.double.client().v1.transfers.list({"destination": shop.account_id})
    made = {transfer.id for transfer in listed.auto_paging_iter()}
    assert {entry.transfer_id for entry in statement.entries if entry.kind == "transfer"} == made
