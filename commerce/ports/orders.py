from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from commerce.orders import Accepted, Checkout, Order, OrderPage, WaitsFor


class Orders(Protocol):
    """Orders, and the operations of the checkout saga. `commerce.transitions` decides what an operation does.

    Each is one database transaction, and repeating it changes nothing. Operations on an order raise OrderNotFound,
    and IllegalTransition when the order's state forbids them for good.
    """

    async def accept(self, checkout: Checkout) -> Accepted:
        """Price the lines and write order, sub-orders, lines and the outbox row in one statement.

        An order id that exists, or a cart revision whose order has not failed, gives the earlier order back. Raises
        NotOnOffer, PriceChanged, AmountNotChargeable, and SoldOut where the stock is less than a line wants; nothing is
        written then.
        """
        ...

    async def get(self, order_id: str, buyer_id: str | None = None) -> Order:
        """Raises OrderNotFound, also when `buyer_id` is given and the order is somebody else's."""
        ...

    async def of_cart(self, buyer_id: str, revision: str) -> Order | None:
        """The order that bought this state of the buyer's cart and has not failed."""
        ...

    async def page(self, limit: int, cursor: str | None = None, buyer_id: str | None = None) -> OrderPage:
        """All orders, or those of one buyer, the latest first. Raises InvalidRequest for a foreign cursor."""
        ...

    async def record_authorization(self, order_id: str, payment_intent_id: str) -> None: ...

    async def confirm_stock(self, order_id: str) -> None:
        """Take the units out of the stock: the sale. Raises SoldOut, and then nothing is taken."""
        ...

    async def restore_stock(self, order_id: str) -> None:
        """Put confirmed units back, once, and forbid any later confirmation of this order."""
        ...

    async def record_capture(self, order_id: str, charge_id: str, fee: int = 0) -> None:
        """The money was taken, and the processor kept `fee` of it, in minor units: the platform bears that."""
        ...

    async def record_split(self, order_id: str) -> None:
        """Post the capture to the ledger and hold every seller's share."""
        ...

    async def fail(self, order_id: str, code: str) -> None:
        """End an order that was not captured: stock restored, sub-orders canceled. The first code stays."""
        ...

    async def wait(self, order_id: str, waits_for: WaitsFor, until: datetime) -> None:
        """Nothing goes on with the order until it is resumed, at most until `until`. Raises OrderStopped."""
        ...

    async def wait_for_buyer(self, order_id: str, payment_intent_id: str, client_secret: str, until: datetime) -> None:
        """The order waits for its buyer's authentication of the payment. Raises OrderStopped."""
        ...

    async def client_secret(self, order_id: str, buyer_id: str) -> str | None:
        """What the buyer's browser authenticates the payment with; None unless the order waits for its buyer.

        Raises OrderNotFound, also when the order is somebody else's.
        """
        ...

    async def resume(self, order_id: str, waits_for: WaitsFor, buyer_id: str | None = None) -> bool:
        """Start the flow of an order that waits for this again. False when it does not."""
        ...

    async def stop(self, order_id: str, reason: str, buyer_id: str | None = None) -> None:
        """End the order before it is paid: the saga undoes what it did. Raises TooLateToStop."""
        ...

    async def stop_overdue(self, now: datetime, limit: int = 100) -> tuple[str, ...]:
        """Stop the orders that have waited too long, longest first; returns their ids."""
        ...

    async def mark_fulfilled(self, order_id: str, now: datetime, return_window: timedelta) -> None:
        """The goods left: the order is done, and the return window of every share opens."""
        ...
