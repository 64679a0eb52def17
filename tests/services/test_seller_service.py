"""The seller service over HTTP, its stores in memory, its payment processor in a few lines."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from commerce.adapters.memory import (
    MemoryHolds,
    MemoryMarket,
    MemoryOffers,
    MemoryOrders,
    MemoryPayouts,
    MemorySales,
    MemorySellerAccounts,
    MemoryStatements,
)
from commerce.catalog import Offer, Seller
from commerce.money import Money
from commerce.orders import Checkout
from commerce.seller_accounts import AccountLink, AccountState
from services.seller.app import create_app
from services.seller.dependencies import SellerService
from services.seller.onboarding import Onboarding
from services.seller.settings import SellerSettings
from tests.services.tokens import PROVIDER, IdentityProvider, signed_in

WINDOW = timedelta(days=14)


@dataclass
class Processor:
    """Makes accounts as Stripe does: one for a seller, which takes transfers once the seller has been there."""

    transfers: str = "inactive"
    made: list[str] = field(default_factory=list)

    async def create_account(self, *, seller_id: str, country: str, email: str) -> str:
        self.made.append(seller_id)
        return f"acct_{seller_id}"

    async def account(self, account_id: str) -> AccountState:
        return AccountState(
            account_id=account_id,
            as_of=datetime.now(UTC),
            transfers=self.transfers,
            card_payments=self.transfers,
            payouts_enabled=self.transfers == "active",
            details_submitted=self.transfers == "active",
            due=() if self.transfers == "active" else ("external_account",),
        )

    async def account_link(self, account_id: str, *, return_url: str, refresh_url: str) -> AccountLink:
        return AccountLink(url=f"https://stripe.example/{account_id}", expires_at=datetime.now(UTC))


@dataclass
class House:
    """The running service, and the market behind it."""

    app: FastAPI
    market: MemoryMarket
    processor: Processor

    @asynccontextmanager
    async def visit(self, user_id: str, *groups: str) -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        headers = signed_in(user_id, *groups)
        async with httpx.AsyncClient(transport=transport, base_url="http://shop", headers=headers) as client:
            yield client

    async def sell(self, order_id: str) -> None:
        """A paid order: a lamp of Ada's (10.00) and tea of Ben's (5.00), commission 10 per cent."""
        offers, orders = MemoryOffers(self.market), MemoryOrders(self.market)
        for seller_id, offer_id, price in (("ada", "lamp", 1000), ("ben", "tea", 500)):
            await offers.put_seller(Seller(seller_id=seller_id, display_name=seller_id.title()))
            await offers.put(
                Offer(
                    offer_id=offer_id,
                    seller_id=seller_id,
                    product_id=offer_id,
                    title=offer_id.title(),
                    unit_price=Money(price, "usd"),
                    stock=9,
                )
            )
        await orders.accept(
            Checkout(
                order_id=order_id,
                buyer_id="buyer",
                lines={"lamp": 1, "tea": 1},
                payment_method="pm",
                currency="usd",
                commission_basis_points=1000,
            )
        )
        await orders.record_authorization(order_id, f"pi_{order_id}")
        await orders.confirm_stock(order_id)
        await orders.record_capture(order_id, f"ch_{order_id}")
        await orders.record_split(order_id)
        await orders.mark_fulfilled(order_id, datetime.now(UTC), timedelta(days=24))


def seller_app(market: MemoryMarket, processor: Processor) -> FastAPI:
    @asynccontextmanager
    async def opened(settings: SellerSettings) -> AsyncIterator[SellerService]:
        yield SellerService(
            sales=MemorySales(market),
            holds=MemoryHolds(market),
            payouts=MemoryPayouts(market),
            statements=MemoryStatements(market),
            onboarding=Onboarding(accounts=MemorySellerAccounts(market), gateway=processor),  # type: ignore[arg-type]
            return_window=settings.return_window,
            checks={},
        )

    settings = SellerSettings(stripe_secret="none", return_window_days=WINDOW.days, **PROVIDER.settings())
    return create_app(settings, opened)


@pytest.fixture
async def house(provider: IdentityProvider) -> AsyncIterator[House]:
    market, processor = MemoryMarket(), Processor()
    app = seller_app(market, processor)
    async with app.router.lifespan_context(app):
        made = House(app, market, processor)
        await made.sell("o1")
        yield made


async def answer(response: httpx.Response, status: int = 200) -> Any:
    assert response.status_code == status, response.text
    return response.json()


async def test_a_seller_opens_an_account_completes_it_and_is_told_when_it_is_ready(house: House) -> None:
    async with house.visit("ada", "seller") as ada:
        assert (await answer(await ada.get("/seller/account"), 409))["type"] == "/problems/no-account"
        request = {"country": "US", "email": "ada@sellers.example"}
        for _ in range(2):
            account = await answer(await ada.post("/seller/account", json=request))
        assert (account["account_id"], account["transfers"]) == ("acct_ada", "inactive")
        assert "external_account" in account["waits_for"]
        urls = {"return_url": "https://shop.example/back", "refresh_url": "https://shop.example/again"}
        link = await answer(await ada.post("/seller/account/links", json=urls))
        assert link["url"] == "https://stripe.example/acct_ada"
        house.processor.transfers = "active"
        assert (await answer(await ada.get("/seller/account")))["waits_for"] is None
    assert house.processor.made == ["ada"]


async def test_somebody_who_is_not_registered_gets_no_account(house: House) -> None:
    async with house.visit("cleo", "seller") as cleo:
        refused = await answer(await cleo.post("/seller/account", json={"country": "US", "email": "c@d.example"}), 409)
    assert refused["type"] == "/problems/seller-not-registered"
    assert house.processor.made == []


@pytest.mark.parametrize("url", ["shop.example", "ftp://shop.example/x", "javascript:alert(1)"])
async def test_a_link_leads_back_to_a_page_and_nowhere_else(house: House, url: str) -> None:
    async with house.visit("ada", "seller") as ada:
        urls = {"return_url": url, "refresh_url": "https://shop.example/again"}
        await answer(await ada.post("/seller/account/links", json=urls), 422)


async def test_a_seller_ships_and_delivers_its_own_part(house: House) -> None:
    async with house.visit("ada", "seller") as ada, house.visit("ben", "seller") as ben:
        [sale] = (await answer(await ada.get("/seller/orders")))["items"]
        assert (sale["gross"], sale["net"], [line["offer_id"] for line in sale["lines"]]) == (1000, 900, ["lamp"])
        await answer(await ada.put("/seller/orders/o1/delivery"), 409)
        shipment = {"carrier": "DHL", "tracking": "JD01"}
        shipped = await answer(await ada.put("/seller/orders/o1/shipment", json=shipment))
        assert shipped["shipment"]["delivered_at"] is None
        delivered = await answer(await ada.put("/seller/orders/o1/delivery"))
        window = datetime.fromisoformat(delivered["held_until"]) - datetime.fromisoformat(
            delivered["shipment"]["delivered_at"]
        )
        assert window == WINDOW
        assert (await answer(await ben.get("/seller/orders/o1")))["shipment"] is None


async def test_a_seller_reads_its_balance_and_a_statement_that_adds_up(house: House) -> None:
    async with house.visit("ada", "seller") as ada:
        [balance] = (await answer(await ada.get("/seller/balance")))["balances"]
        assert (balance["held"], balance["payable"]) == (900, 0)
        period = {"start": "2020-01-01T00:00:00Z", "end": "2100-01-01T00:00:00Z"}
        statement = await answer(await ada.get("/seller/statement", params=period))
        [usd] = statement["currencies"]
        assert usd["opening"] + sum(usd["totals"].values()) == usd["closing"] == 900
        assert [entry["account"] for entry in statement["entries"]] == ["held"]
        await answer(await ada.get("/seller/statement", params={"start": "2020-01-01", "end": "2021-01-01"}), 422)
        assert (await answer(await ada.get("/seller/payouts")))["items"] == []


async def test_support_keeps_a_share_back_with_a_reason_and_lets_it_go(house: House) -> None:
    async with house.visit("sam", "support") as sam, house.visit("ada", "seller") as ada:
        await answer(await sam.put("/sellers/ada/orders/o1/hold", json={"reason": " "}), 422)
        placed = await answer(await sam.put("/sellers/ada/orders/o1/hold", json={"reason": "never came"}))
        assert (placed["placed_by"], placed["reason"]) == ("sam", "never came")
        assert (await answer(await ada.get("/seller/orders/o1")))["on_hold"] is True
        assert (await answer(await sam.get("/sellers/ada/balance")))["balances"][0]["stopped"] == 900
        assert len((await answer(await sam.get("/sellers/ada/holds")))["items"]) == 1
        await answer(await sam.put("/sellers/ben/orders/o2/hold", json={"reason": "no such order"}), 404)
        await answer(await sam.post("/sellers/ada/orders/o1/release", json={"reason": "it came"}))
        await answer(await sam.post("/sellers/ada/orders/o1/release", json={"reason": "again"}), 404)


@pytest.mark.parametrize("groups", [(), ("buyer",), ("seller",)])
async def test_nobody_but_support_and_admins_touches_a_hold(house: House, groups: tuple[str, ...]) -> None:
    async with house.visit("ada", *groups) as caller:
        await answer(await caller.put("/sellers/ada/orders/o1/hold", json={"reason": "mine"}), 403)
        await answer(await caller.post("/sellers/ada/orders/o1/release", json={"reason": "mine"}), 403)
