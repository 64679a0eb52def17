"""Mails from the templates beside this file: one as text and one as HTML for each kind of notice."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from commerce.money import Money
from commerce.notices import Notice
from commerce.ports.mail import Mail

TEMPLATES: Final = Path(__file__).parent / "templates"
_WITHOUT_DECIMALS: Final = frozenset({"jpy", "krw"})


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
    return made


def amount(money: Money) -> str:
    """`1999 usd` as people write it: `19.99 USD`."""
    if money.currency in _WITHOUT_DECIMALS:
        return f"{money.amount:,} {money.currency.upper()}"
    return f"{money.amount // 100:,}.{money.amount % 100:02} {money.currency.upper()}"


def render(notice: Notice, to: str) -> Mail:
    """The mail of a notice. The first line of its text template is the subject."""
    facts = {"order": notice.order, "lines": notice.lines}
    subject, _, text = _templates().get_template(f"{notice.kind}.txt").render(facts).partition("\n")
    html = _templates().get_template(f"{notice.kind}.html").render(facts, subject=subject)
    return Mail(to=to, subject=" ".join(subject.split()), text=text.strip() + "\n", html=html)
