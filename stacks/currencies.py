"""Currencies that a marketplace can be run in.

Those for which Stripe publishes the smallest charge in minor units, so that an amount can be refused before anything is
reserved for it: https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts, checked on 2026-11-27.
"""

from __future__ import annotations

from typing import Final

_LISTED: Final = """
    aed ars aud brl cad chf cop czk dkk eur gbp hkd huf idr ils inr jpy krw mxn myr nok nzd php pln ron rub sek sgd thb
    usd zar
"""
CURRENCIES: Final = frozenset(_LISTED.split())
"""ISO 4217, in lower case."""
