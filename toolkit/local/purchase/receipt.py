"""What the buyer gets to see: the items, what each seller receives, and until when it is held."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict
from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

MINOR_UNITS = {"bhd": 3, "clp": 0, "jpy": 0, "krw": 0, "kwd": 3, "vnd": 0}
"""Decimal places of a currency where they are not two (ISO 4217)."""
NARROW = (0, 1, 0, 0)
"""Padding of cells with which both tables fit 60 columns."""


class _Received(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Price(_Received):
    """Integer minor units of a currency."""

    amount: int
    currency: str


class Line(_Received):
    """What was bought."""

    offer_id: str
    title: str
    quantity: int
    unit_price: Price
    seller_id: str


class SellerShare(_Received):
    """One seller's part of the order, in minor units."""

    seller_id: str
    seller_name: str
    gross: int
    commission: int
    net: int
    state: str
    held_until: datetime | None


class Receipt(_Received):
    """The order as the checkout service answers it."""

    order_id: str
    status: Literal["accepted", "authorized", "confirmed", "captured", "fulfilled", "failed"]
    currency: str
    total: int
    failure: str | None = None
    waits_for: str | None = None
    lines: Sequence[Line]
    sellers: Sequence[SellerShare]


def render(receipt: Receipt) -> RenderableType:
    """The receipt as two tables: what the buyer paid, and how it is split."""
    return Group(_items(receipt), Text(), _split(receipt))


def formatted(amount: int, currency: str) -> str:
    """`1999, usd` as `19.99 USD`."""
    places = MINOR_UNITS.get(currency, 2)
    whole, rest = divmod(abs(amount), 10**places)
    decimals = f".{rest:0{places}}" if places else ""
    return f"{'-' if amount < 0 else ''}{whole:,}{decimals} {currency.upper()}"


def _items(receipt: Receipt) -> Table:
    names = {share.seller_id: share.seller_name for share in receipt.sellers}
    table = Table(
        title=f"Receipt of order {receipt.order_id} ({receipt.status})",
        box=box.SIMPLE_HEAD,
        padding=NARROW,
        title_justify="left",
    )
    table.add_column("Item")
    table.add_column("Sold by", overflow="fold")
    table.add_column("Quantity", justify="right")
    table.add_column("Each", justify="right")
    table.add_column("Amount", justify="right")
    for line in receipt.lines:
        table.add_row(
            line.title,
            names.get(line.seller_id, line.seller_id),
            str(line.quantity),
            formatted(line.unit_price.amount, receipt.currency),
            formatted(line.unit_price.amount * line.quantity, receipt.currency),
        )
    table.add_section()
    table.add_row("[bold]Total paid[/]", "", "", "", f"[bold]{formatted(receipt.total, receipt.currency)}[/]")
    return table


def _split(receipt: Receipt) -> Table:
    def amount(value: int) -> str:
        return formatted(value, receipt.currency).partition(" ")[0]

    title = f"Where the money is ({receipt.currency.upper()})"
    table = Table(title=title, box=box.SIMPLE_HEAD, padding=NARROW, title_justify="left")
    table.add_column("Seller", overflow="fold")
    for part in ("Gross", "Commission", "Net"):
        table.add_column(part, justify="right", no_wrap=True)
    table.add_column("State", no_wrap=True)
    table.add_column("Until", no_wrap=True)
    for share in receipt.sellers:
        amounts = (amount(value) for value in (share.gross, share.commission, share.net))
        until = f"{share.held_until:%Y-%m-%d\n%H:%M %Z}" if share.held_until else "-"
        table.add_row(share.seller_name, *amounts, share.state, until)
    totals = [sum(getattr(share, part) for share in receipt.sellers) for part in ("gross", "commission", "net")]
    table.add_section()
    table.add_row("[bold]Together[/]", *map(amount, totals), "", "")
    return table
