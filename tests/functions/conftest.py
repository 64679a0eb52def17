"""The saga's ports: real PostgreSQL and Redis, and a payment processor that keeps its promises in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

import asyncpg
import pytest
from redis.asyncio import Redis

from commerce.adapters.memory import MemoryScorer
from commerce.adapters.postgres import (
    PostgresAssessments,
    PostgresLedger,
    PostgresOffers,
    PostgresOrders,
)
from commerce.adapters.redis import RedisCarts, RedisOrderPace, RedisStockGate
from commerce.catalog import Offer, Seller, offer_id_for
from commerce.fraud import Model
from commerce.money import Money
from commerce.orders import Checkout, Order
from commerce.payments import AuthenticationFailed, Authorization, Capture, PaymentDeclined, PaymentRefused

DECLINED = "pm_card_declined"
DECLINED_AT_CAPTURE = "pm_card_captureDeclined"
NEEDS_AUTHENTICATION = "pm_card_authenticationRequired"
VISA = "pm_card_visa"
# Suspects nobody, however often the one buyer of a test buys.
CALM = Model(version="calm", intercept=-9.0, coefficients={}, means={}, scales={})


@dataclass
class Processor:
    """Payment intents by order; the same request gets the same answer, a captured payment cannot be canceled."""

    intents: dict[str, str] = field(default_factory=dict)
    amounts: dict[str, Money] = field(default_factory=dict)
    declined: set[str] = field(default_factory=set)
    calls: list[str] = field(default_factory=list)

    async def authorize(self, *, order_id: str, amount: Money, payment_method: str, attempt: int = 1) -> Authorization:
        self.calls.append("authorize")
        if payment_method == DECLINED:
            raise PaymentDeclined(order_id, "insufficient_funds")
        intent = f"pi_{order_id}"
        self.amounts[intent] = amount
        if payment_method == NEEDS_AUTHENTICATION:
            return self._answer(intent, self.intents.setdefault(intent, "requires_action"))
        self.intents.setdefault(intent, "requires_capture")
        if payment_method == DECLINED_AT_CAPTURE:
            self.declined.add(intent)
        return Authorization(payment_intent_id=intent, status=self.intents[intent])

    async def authorization(self, *, order_id: str, payment_intent_id: str) -> Authorization:
        self.calls.append("authorization")
        status = self.intents[payment_intent_id]
        if status in ("requires_payment_method", "canceled"):
            raise AuthenticationFailed(order_id, status)
        return self._answer(payment_intent_id, status)

    def authenticate(self, order_id: str, *, passed: bool) -> None:
        """The buyer answers the bank's challenge."""
        self.intents[f"pi_{order_id}"] = "requires_capture" if passed else "requires_payment_method"

    def _answer(self, intent: str, status: str) -> Authorization:
        secret = f"{intent}_secret" if status == "requires_action" else None
        return Authorization(payment_intent_id=intent, status=status, client_secret=secret)

    async def capture(self, *, order_id: str, payment_intent_id: str) -> Capture:
        self.calls.append("capture")
        if self.intents[payment_intent_id] == "canceled":
            raise PaymentRefused("The payment was canceled.")
        if payment_intent_id in self.declined:
            self.intents[payment_intent_id] = "requires_payment_method"
            raise PaymentDeclined(order_id, "insufficient_funds")
        self.intents[payment_intent_id] = "succeeded"
        return Capture(charge_id=f"ch_{order_id}", amount=self.amounts[payment_intent_id])

    async def cancel(self, *, order_id: str, payment_intent_id: str) -> None:
        self.calls.append("cancel")
        if self.intents[payment_intent_id] == "succeeded":
            raise PaymentRefused("The payment was captured.")
        self.intents[payment_intent_id] = "canceled"


@dataclass
class Shop:
    """Accepted orders to run the saga on, and what became of them."""

    offers: PostgresOffers
    orders: PostgresOrders
    carts: RedisCarts
    ledger: PostgresLedger
    gate: RedisStockGate
    processor: Processor
    assessments: PostgresAssessments
    pace: RedisOrderPace
    scorer: MemoryScorer = field(default_factory=lambda: MemoryScorer(CALM))

    async def offer(self, units: int, *, seller_id: str = "seller", product_id: str = "mug") -> str:
        await self.offers.put_seller(Seller(seller_id=seller_id, display_name=seller_id.title()))
        offer_id = offer_id_for(seller_id, product_id)
        await self.offers.put(
            Offer(
                offer_id=offer_id,
                seller_id=seller_id,
                product_id=product_id,
                title=product_id.title(),
                unit_price=Money(1000, "usd"),
                stock=units,
            )
        )
        await self.gate.seed({offer_id: units})
        return offer_id

    async def accept(self, order_id: str, lines: dict[str, int], payment_method: str = VISA) -> Order:
        await self.gate.reserve(order_id, lines, timedelta(minutes=5))
        await self.orders.accept(
            Checkout(
                order_id=order_id,
                buyer_id="buyer",
                lines=lines,
                payment_method=payment_method,
                currency="usd",
                commission_basis_points=1000,
            )
        )
        return await self.orders.get(order_id)

    async def stock(self, offer_id: str) -> tuple[int, int]:
        """(units the authority has, units the gate would still give away)"""
        listing = (await self.offers.get([offer_id]))[offer_id]
        return listing.offer.stock, (await self.gate.available([offer_id]))[offer_id]


@pytest.fixture
def shop(pool: asyncpg.Pool, redis: Redis) -> Shop:
    return Shop(
        offers=PostgresOffers(pool),
        orders=PostgresOrders(pool),
        carts=RedisCarts(redis),
        ledger=PostgresLedger(pool),
        gate=RedisStockGate(redis),
        processor=Processor(),
        assessments=PostgresAssessments(pool),
        pace=RedisOrderPace(redis),
    )
