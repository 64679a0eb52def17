"""Mails from the templates beside this file: one for each kind of notice, from which text and HTML are made."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from commerce.currencies import decimals
from commerce.money import Money
from commerce.notices import Notice
from commerce.ports.mail import Mail

TEMPLATES: Final = Path(__file__).parent / "templates"
_LINES: Final = "\x00"
"""Stands in a paragraph of its own where the order's lines belong. Nobody writes it: no text of PostgreSQL has it."""


@cache
def _templates() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["amount"] = amount
    made.filters["day"] = day
    return made


def amount(money: Money) -> str:
    """`1999 usd` as people write it: `19.99 USD`."""
    digits = decimals(money.currency)
    whole, part = divmod(money.amount, 10**digits)
    return f"{whole:,}{f'.{part:0{digits}}' if digits else ''} {money.currency.upper()}"


def day(moment: datetime) -> str:
    """`2 March 2026`, in UTC."""
    return f"{moment.day} {moment:%B %Y}"


def render(notice: Notice, to: str) -> Mail:
    """The mail of a notice. The first line of its template is the subject, an empty line ends a paragraph."""
    facts = {
        "order": notice.order,
        "lines": notice.lines,
        "amount": notice.amount,
        "until": notice.until,
        "words": notice.words,
        "lines_here": _LINES,
    }
    subject, _, body = _templates().get_template(f"{notice.kind}.txt").render(facts).partition("\n")
    paragraphs = [" ".join(paragraph.split()) for paragraph in body.split("\n\n") if paragraph.strip()]
    text = [_text(paragraph, notice) for paragraph in paragraphs]
    if notice.order is not None:
        text.append(f"Order {notice.order.order_id}")
    html = _templates().get_template("layout.html").render(facts, subject=subject, paragraphs=paragraphs)
    return Mail(to=to, subject=subject, text="\n\n".join(text) + "\n", html=html)


def _text(paragraph: str, notice: Notice) -> str:
    if paragraph != _LINES:
        return paragraph
    return "\n".join(
        f"  {line.quantity} x {' '.join(line.title.split())}: {amount(line.subtotal)}" for line in notice.lines
    )
