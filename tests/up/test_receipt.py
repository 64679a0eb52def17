"""The receipt that a buyer reads."""

from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO

import pytest
from rich.console import Console

from toolkit.local.purchase.receipt import Line, Price, Receipt, SellerShare, formatted, render


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [(1999, "usd", "19.99 USD"), (5, "eur", "0.05 EUR"), (1234567, "jpy", "1,234,567 JPY"), (-250, "usd", "-2.50 USD")],
)
def test_an_amount_has_the_decimals_of_its_currency(amount: int, currency: str, text: str) -> None:
    assert formatted(amount, currency) == text


@pytest.mark.parametrize("columns", [60, 120])
def test_it_shows_items_split_totals_and_until_when_the_money_is_held(columns: int) -> None:
    until = datetime(2026, 12, 7, 15, 0, tzinfo=UTC)
    shares = [
        SellerShare(
            seller_id=name,
            seller_name=f"Seller {name}",
            gross=gross,
            commission=gross // 10,
            net=gross - gross // 10,
            state="held",
            held_until=until,
        )
        for name, gross in (("a", 2000), ("b", 500))
    ]
    lines = [
        Line(offer_id="1", title="Sextant", quantity=2, unit_price=Price(amount=1000, currency="usd"), seller_id="a"),
        Line(offer_id="2", title="Logbook", quantity=1, unit_price=Price(amount=500, currency="usd"), seller_id="b"),
    ]
    receipt = Receipt(order_id="o1", status="fulfilled", currency="usd", total=2500, lines=lines, sellers=shares)
    console = Console(width=columns, record=True, file=StringIO())
    console.print(render(receipt))
    text = console.export_text()
    assert "…" not in text
    for expected in ("order o1", "Sextant", "Seller a", "25.00", "2.50", "22.50", "Commission", "2026-12-07", "15:00"):
        assert expected in text
