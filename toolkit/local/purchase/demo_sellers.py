"""The sellers of the demo purchase, and their offers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Offering:
    """One product as its demo seller offers it."""

    product_id: str
    title: str
    description: str
    unit_price: int
    """Minor units."""
    stock: int


@dataclass(frozen=True, kw_only=True)
class DemoSeller:
    """A seller of the demo."""

    email: str
    display_name: str
    offerings: Sequence[Offering]


SELLERS: Final = (
    DemoSeller(
        email="ada@sellers.example",
        display_name="Ada's Instruments",
        offerings=(
            Offering(
                product_id="brass-sextant",
                title="Brass sextant",
                description="Finds your latitude on any clear noon.",
                unit_price=12_900,
                stock=1_000,
            ),
            Offering(
                product_id="pocket-barometer",
                title="Pocket barometer",
                description="Tells tomorrow's weather.",
                unit_price=4_995,
                stock=1_000,
            ),
        ),
    ),
    DemoSeller(
        email="grace@sellers.example",
        display_name="Grace Paper & Ink",
        offerings=(
            Offering(
                product_id="logbook",
                title="Bound logbook",
                description="Two hundred pages, for bugs of every kind.",
                unit_price=2_450,
                stock=1_000,
            ),
        ),
    ),
)
