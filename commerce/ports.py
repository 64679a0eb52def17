"""The ports: what the rules and the services need from the outside. Every adapter of a port, the in-memory one
included, passes the same contract tests. All operations are safe to repeat and to run concurrently with themselves."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from commerce.cart import Cart
from commerce.catalog import Listing, Offer, Product, ProductPage, Seller
from commerce.inventory import StockSnapshot
from commerce.ledger import LedgerTransaction
from commerce.money import Money
from commerce.orders import Accepted, Checkout, Order
from commerce.payments import Authorisation, Capture, WebhookEvent
from commerce.payouts import DueShare


class Carts(Protocol):
    async def get(self, buyer_id: str) -> Cart: ...

    async def set_item(self, buyer_id: str, offer_id: str, quantity: int) -> Cart:
        """Set the quantity of an offer, 0 removes it. Raises InvalidRequest (quantity, size)."""
        ...

    async def clear(self, buyer_id: str, revision: str | None = None) -> None:
        """Empty the cart; with `revision`, only when it has not changed since."""
        ...


class StockGate(Protocol):
    """The admission gate. `reservation_id` is the order id."""

    async def reserve(self, reservation_id: str, lines: Mapping[str, int], ttl: timedelta) -> None:
        """Reserve all lines or none. A repeated id changes nothing, also after `consume`.

        Raises SoldOut (naming the offers that are short) and UnknownCounters (offers to `seed` first).
        """
        ...

    async def seed(self, available: Mapping[str, int]) -> None:
        """Set the counters that are missing; existing ones stay."""
        ...

    async def release(self, reservation_id: str) -> None:
        """Give the units back, once: of a held reservation, or of a consumed one whose stock was restored."""
        ...

    async def consume(self, reservation_id: str) -> None:
        """The authority confirmed the units: they no longer expire."""
        ...

    async def expired(self, now: datetime) -> frozenset[str]:
        """The ids of the held reservations that have expired."""
        ...

    async def sweep(self, now: datetime) -> int:
        """Release the reservations that have expired; returns how many. `inventory.sweep` spares those of orders."""
        ...

    async def available(self, offer_ids: Collection[str]) -> Mapping[str, int]:
        """The counters that exist among these."""
        ...

    async def held(self) -> frozenset[str]:
        """The ids of the reservations that are neither consumed nor released."""
        ...

    async def rebuild(self, available: Mapping[str, int], ordered: Collection[str]) -> None:
        """Overwrite counters with the authority's figures, less the held reservations that are not in `ordered`."""
        ...


class Products(Protocol):
    async def put(self, product: Product) -> None:
        """Write a product. Raises NotTheSeller when another seller owns it."""
        ...

    async def get(self, product_id: str) -> Product:
        """Raises ProductNotFound."""
        ...

    async def list(self, limit: int, cursor: str | None = None) -> ProductPage:
        """A page of at most `limit` products, in no promised order. Raises InvalidRequest for a foreign cursor."""
        ...


class Offers(Protocol):
    """Sellers, prices and stock: the source of truth of what can be bought."""

    async def put_seller(self, seller: Seller) -> None:
        """Write a seller; an `account_id` of None keeps the one that is known."""
        ...

    async def seller(self, seller_id: str) -> Seller:
        """Raises UnknownSeller."""
        ...

    async def put(self, offer: Offer) -> None:
        """Write an offer: title, price and the whole stock. Raises UnknownSeller.

        The gate's counter does not follow by itself: see `inventory.reconcile`.
        """
        ...

    async def reprice(self, offer_id: str, title: str, unit_price: Money) -> Offer:
        """Change title and price and keep the stock, whatever is being sold meanwhile. Raises UnknownOffer."""
        ...

    async def rename(self, product_id: str, title: str) -> None:
        """Give all offers of a product its new title. Orders keep the title they were placed with."""
        ...

    async def listings(self, product_ids: Collection[str]) -> Mapping[str, tuple[Listing, ...]]:
        """The offers of each product (empty when it has none), cheapest first."""
        ...

    async def get(self, offer_ids: Collection[str]) -> Mapping[str, Listing]:
        """The offers that exist among these."""
        ...

    async def available(self, offer_ids: Collection[str]) -> Mapping[str, int]:
        """Units that can still be ordered, for the offers that exist among these."""
        ...

    async def ids(self, after: str, limit: int) -> tuple[str, ...]:
        """The next offer ids in their order, at most `limit`; empty at the end. `after` is "" at the start."""
        ...

    async def snapshot(self, offer_ids: Collection[str], reservations: Collection[str]) -> StockSnapshot:
        """One consistent reading for `inventory.reconcile`."""
        ...


class Orders(Protocol):
    """Orders and the operations of the checkout saga. Each is one database transaction and idempotent by the state
    it reads. Operations on an order raise OrderNotFound, and IllegalTransition when its state forbids them for good."""

    async def accept(self, checkout: Checkout) -> Accepted:
        """Price the lines and write order, sub-orders, lines and the outbox row in one statement.

        An order id that exists, or a cart revision whose order has not failed, gives the earlier order back. Raises
        UnknownOffer (also for an offer in another currency) and PriceChanged; nothing is written then.
        """
        ...

    async def get(self, order_id: str, buyer_id: str | None = None) -> Order:
        """Raises OrderNotFound, also when `buyer_id` is given and the order is somebody else's."""
        ...

    async def of_cart(self, buyer_id: str, revision: str) -> Order | None:
        """The order that bought this state of the buyer's cart and has not failed."""
        ...

    async def of_buyer(self, buyer_id: str, limit: int = 50) -> tuple[Order, ...]:
        """The buyer's latest orders, newest first."""
        ...

    async def record_authorisation(self, order_id: str, payment_intent_id: str) -> None: ...

    async def confirm_stock(self, order_id: str) -> None:
        """Take the units out of the stock: the sale. Raises SoldOut, and then nothing is taken."""
        ...

    async def restore_stock(self, order_id: str) -> None:
        """Put confirmed units back, once, and forbid any later confirmation of this order."""
        ...

    async def record_capture(self, order_id: str, charge_id: str) -> None: ...

    async def record_split(self, order_id: str) -> None:
        """Post the capture to the ledger and hold every seller's share."""
        ...

    async def fail(self, order_id: str, code: str) -> None:
        """End an order that was not captured: stock restored, sub-orders cancelled. The first code stays."""
        ...

    async def mark_fulfilled(self, order_id: str, now: datetime, return_window: timedelta) -> None:
        """The goods left: the order is done, and the return window of every share opens."""
        ...


class Payouts(Protocol):
    """Sellers' shares after fulfilment: released by the ledger first, transferred by the processor then."""

    async def release_due(self, now: datetime, limit: int = 100) -> int:
        """Release the shares whose return window has closed; returns how many. Concurrent calls share the work."""
        ...

    async def due_transfers(self, limit: int = 100) -> tuple[DueShare, ...]:
        """Released shares without a transfer, of sellers that can be paid, oldest first."""
        ...

    async def record_transfer(self, order_id: str, seller_id: str, transfer_id: str) -> None:
        """The processor made the transfer of a released share."""
        ...


class Ledger(Protocol):
    async def post(self, transaction: LedgerTransaction) -> bool:
        """Append it; False when it was there already. Raises LedgerConflict when it was there with other entries."""
        ...

    async def get(self, transaction_id: str) -> LedgerTransaction | None: ...

    async def balance(self, account: str) -> Mapping[str, int]:
        """Minor units per currency; empty when the account has no entries."""
        ...

    async def totals(self) -> Mapping[str, int]:
        """The sum of everything per currency. Anything but zeros means the ledger was damaged."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """An order whose saga is to be started. `attempt` counts from 1 and belongs in the execution's name."""

    outbox_id: int
    order_id: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """When an order that stands still is started again, and when that is given up.

    `idle` is how long it stands still before its second dispatch; each further one waits twice as long as the one
    before. An order that is paid and split only waits for its goods to leave, which may take its time: there
    `fulfilment_idle` takes the place of `idle`. After `dispatches` in all, somebody has to look.
    """

    idle: timedelta
    fulfilment_idle: timedelta
    dispatches: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Redispatched:
    """How many orders were queued again, and the ids of those given up just now: each is named once."""

    queued: int
    given_up: tuple[str, ...] = ()


class Outbox(Protocol):
    async def take(self, limit: int, lease: timedelta) -> tuple[Dispatch, ...]:
        """The oldest rows nobody else holds, held for `lease`; rows not `done` by then come back."""
        ...

    async def done(self, outbox_ids: Collection[int]) -> None: ...

    async def redispatch(self, patience: Patience, limit: int = 100) -> Redispatched:
        """Queue again, under a new attempt, the orders that are not terminal and stand still. One that was given up
        comes back when somebody queues it by hand: an outbox row with its `dispatches` as the attempt."""
        ...


class CheckoutFlow(Protocol):
    async def start(self, order_id: str, attempt: int = 1) -> None:
        """Start the saga of an order; a start that already happened is a success."""
        ...


class PaymentGateway(Protocol):
    """The payment processor. Idempotency keys are built from the ids given here, never at random.

    Besides the errors named, every method raises PaymentUnavailable (repeat it as it is) and PaymentRefused.
    """

    async def authorise(self, *, order_id: str, amount: Money, payment_method: str, attempt: int = 1) -> Authorisation:
        """Set the amount aside. Raises PaymentDeclined, AuthenticationRequired."""
        ...

    async def capture(self, *, order_id: str, payment_intent_id: str) -> Capture: ...

    async def cancel(self, *, order_id: str, payment_intent_id: str) -> None: ...

    async def create_account(self, *, seller_id: str, country: str, email: str) -> str:
        """A connected account for a seller; returns its id."""
        ...

    async def transfer(
        self,
        *,
        order_id: str,
        seller_id: str,
        account_id: str,
        amount: Money,
        source_charge: str | None,
        attempt: int = 1,
    ) -> str:
        """Move a seller's share to its account (transfer group: the order); returns the transfer id."""
        ...

    async def reverse_transfer(self, *, transfer_id: str, amount: Money, refund_id: str) -> str:
        """Take part of a transfer back; returns the reversal id."""
        ...

    async def refund(self, *, order_id: str, payment_intent_id: str, amount: Money, refund_id: str) -> str:
        """Give the buyer money back; returns the processor's refund id."""
        ...

    def verify_webhook(self, payload: bytes, signature: str, secret: str, tolerance_seconds: int = 300) -> WebhookEvent:
        """Check the signature on the raw bytes. Raises ForgedWebhook."""
        ...
