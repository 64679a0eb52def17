"""A chargeback from the card to the ledger: through the double, its webhooks and PostgreSQL, to the cent."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from commerce.adapters.postgres import (
    PostgresHolds,
    PostgresLedger,
    PostgresOffers,
    PostgresOrders,
    PostgresPaymentInbox,
    PostgresPayouts,
    PostgresRefunds,
    PostgresSellerAccounts,
)
from commerce.adapters.stripe.notices import EVENT_TYPES, StripeNotices
from commerce.catalog import Offer, Seller
from commerce.ledger import DISPUTED, FEES, PROCESSOR, held, payable
from commerce.money import Money
from commerce.orders import Checkout
from commerce.payments import Capture
from functions.payment_webhook.receiver import Receipt, Receiver
from functions.payouts.news import TakeWaitingNews
from functions.payouts.refunds import RefundDue
from functions.payouts.round import Round
from functions.payouts.transfers import ConfirmAccounts, ReleaseDue, TransferDue
from tests.stripe.double import API_KEY, Double
from tests.stripe.gateways import gateway_of
from tests.stripe.receiver import Received, receiving
from tests.stripe.receiver import Receiver as Inbound
from toolkit.local.stripe.call import PLATFORM
from toolkit.local.stripe.resources.disputes import FEE

PRICE, NET, WINDOW = 2_000, 1_800, timedelta(days=14)
KEPT = 88
"""What Stripe keeps of the price: 2.9 per cent and 30 cents."""
CLOSED = datetime.now(UTC) + WINDOW + timedelta(days=1)


class Shop:
    """Ada's lamps, paid through a double of its own, which tells the webhook what happens."""

    def __init__(self, pool: asyncpg.Pool, double: Double, inbound: Inbound) -> None:
        self.double, self.inbound, self.heard = double, inbound, 0
        self.client, self.gateway = double.client(), gateway_of(double.client())
        self.account_id = double.onboarded_account()
        self.orders, self.offers, self.holds = PostgresOrders(pool), PostgresOffers(pool), PostgresHolds(pool)
        self.ledger, inbox, payouts = PostgresLedger(pool), PostgresPaymentInbox(pool), PostgresPayouts(pool)
        endpoint = self.client.v1.webhook_endpoints.create({"url": inbound.url, "enabled_events": list(EVENT_TYPES)})  # type: ignore[list-item]
        secret = {"api_key": API_KEY, "webhook_secret": endpoint.secret}
        self.webhook = Receiver(notices=StripeNotices(read=lambda: secret, forget=lambda: None), inbox=inbox)
        self.round = Round(
            {
                "news": TakeWaitingNews(inbox),
                "released": ReleaseDue(payouts),
                "accounts": ConfirmAccounts(PostgresSellerAccounts(pool), self.gateway),
                "transferred": TransferDue(payouts, self.gateway),
                "refunded": RefundDue(PostgresRefunds(pool, commission_returned=True), self.gateway),
            }
        )

    async def authorized(self, card: str) -> str:
        """An order of 20.00 at a commission of 10 per cent; its payment intent."""
        await self.offers.put_seller(Seller(seller_id="ada", display_name="Ada", account_id=self.account_id))
        lamp = Offer(
            offer_id="lamp", seller_id="ada", product_id="lamp", title="Lamp", unit_price=Money(PRICE, "usd"), stock=9
        )
        await self.offers.put(lamp)
        order = Checkout(
            order_id="o1",
            buyer_id="b",
            lines={"lamp": 1},
            payment_method=card,
            currency="usd",
            commission_basis_points=1_000,
        )
        await self.orders.accept(order)
        authorized = await self.gateway.authorize(order_id="o1", amount=Money(PRICE, "usd"), payment_method=card)
        await self.orders.record_authorization("o1", authorized.payment_intent_id)
        await self.orders.confirm_stock("o1")
        return authorized.payment_intent_id

    async def record(self, captured: Capture) -> None:
        await self.orders.record_capture("o1", captured.charge_id, captured.fee)
        await self.orders.record_split("o1")
        await self.orders.mark_fulfilled("o1", datetime.now(UTC), WINDOW)

    async def hear(self, count: int) -> list[str]:
        """Takes the next `count` events, each twice and the latest first; their types."""
        new: list[Received] = self.inbound.wait_for(self.heard + count)[self.heard : self.heard + count]
        self.heard += count
        for one in reversed(new):
            assert await self.webhook.receive(one.payload, one.signature) is not Receipt.REPEATED
            assert await self.webhook.receive(one.payload, one.signature) is not Receipt.HANDLED
        return [json.loads(one.payload)["type"] for one in new]

    async def of(self, account: str) -> int:
        return (await self.ledger.balance(account)).get("usd", 0)

    async def assert_the_books_agree(self) -> None:
        assert await self.of(PROCESSOR) == sum(self.double.balance_of(PLATFORM))
        assert await self.ledger.totals() == {"usd": 0}

    def dispute(self) -> str:
        return self.client.v1.disputes.list().data[0].id


@pytest.fixture
async def shop(pool: asyncpg.Pool, own_double: Callable[..., Double], tmp_path: Path) -> AsyncIterator[Shop]:
    with receiving() as inbound:
        yield Shop(
            pool, own_double("--retry-seconds", "0.05", "--fee-basis-points", "290", "--fee-fixed", "30"), inbound
        )


async def bought(shop: Shop, card: str = "pm_card_createDispute") -> str:
    """The charge of a fulfilled order."""
    intent = await shop.authorized(card)
    captured = await shop.gateway.capture(order_id="o1", payment_intent_id=intent)
    await shop.record(captured)
    return captured.charge_id


async def test_a_disputed_share_is_frozen_and_bears_the_loss(shop: Shop) -> None:
    await bought(shop)
    told = await shop.hear(3)
    assert told[1:] == ["charge.dispute.created", "charge.dispute.funds_withdrawn"]
    assert (await shop.round.run(CLOSED))["released"] == 0
    assert [one.hold_id for one in await shop.holds.of_seller("ada")] == [f"chargeback/{shop.dispute()}/ada"]
    assert (await shop.of(DISPUTED), await shop.of(FEES), await shop.of(held("ada"))) == (PRICE, FEE + KEPT, -NET)
    await shop.assert_the_books_agree()
    shop.client.v1.disputes.close(shop.dispute())
    await shop.hear(1)
    assert await shop.round.run(CLOSED) == dict.fromkeys(("news", "released", "accounts", "transferred", "refunded"), 0)
    assert (await shop.of(DISPUTED), await shop.of(FEES), await shop.of(held("ada"))) == (0, FEE + KEPT, 0)
    assert shop.double.balance_of(shop.account_id) == (0, 0)
    await shop.assert_the_books_agree()


async def test_a_dispute_that_is_won_lets_the_share_go(shop: Shop) -> None:
    await bought(shop)
    await shop.hear(3)
    shop.client.v1.disputes.update(shop.dispute(), {"evidence": {"uncategorized_text": "winning_evidence"}})
    await shop.hear(3)
    settled = await shop.round.run(CLOSED)
    assert (settled["released"], settled["transferred"]) == (1, 1)
    assert sum(shop.double.balance_of(shop.account_id)) == NET
    assert await shop.of(DISPUTED) == 0
    await shop.assert_the_books_agree()


async def test_a_dispute_that_is_told_before_the_capture_was_recorded_freezes_the_share_all_the_same(
    shop: Shop,
) -> None:
    intent = await shop.authorized("pm_card_createDispute")
    captured = await shop.gateway.capture(order_id="o1", payment_intent_id=intent)
    await shop.hear(3)
    assert await shop.of(PROCESSOR) == 0
    await shop.record(captured)
    settled = await shop.round.run(CLOSED)
    assert (settled["news"], settled["released"]) == (2, 0)
    await shop.assert_the_books_agree()


async def test_a_loss_after_the_transfer_is_reversed_once(shop: Shop) -> None:
    charge_id = await bought(shop, "pm_card_visa")
    await shop.round.run(CLOSED)
    assert sum(shop.double.balance_of(shop.account_id)) == NET
    dispute = shop.double.post(f"/_double/charges/{charge_id}/dispute")
    await shop.hear(3)
    shop.double.post(f"/_double/disputes/{dispute['id']}/decide?outcome=lost")
    await shop.hear(1)
    for _ in range(3):
        await shop.round.run(CLOSED)
    assert sum(shop.double.balance_of(shop.account_id)) == 0
    assert (await shop.of(payable("ada")), await shop.of(DISPUTED)) == (0, 0)
    await shop.assert_the_books_agree()


async def test_a_loss_that_the_empty_account_cannot_bear_is_carried_as_the_sellers_debt(shop: Shop) -> None:
    charge_id = await bought(shop, "pm_card_bypassPending")
    await shop.round.run(CLOSED)
    seller = shop.double.client(account=shop.account_id)
    seller.v1.payouts.create({"amount": NET, "currency": "usd"})
    dispute = shop.double.post(f"/_double/charges/{charge_id}/dispute")
    shop.double.post(f"/_double/disputes/{dispute['id']}/decide?outcome=lost")
    await shop.hear(4)
    for number in range(12):
        await shop.round.run(CLOSED + timedelta(days=number))
    assert await shop.of(payable("ada")) == NET
    await shop.assert_the_books_agree()
