"""Which amounts Stripe takes in which currency, in minor units (docs.stripe.com/currencies, read 2026-11-27).

Assumed, for want of a recorded answer: the words and the code of the refusal of an amount that does not end in zeros.
"""

from __future__ import annotations

from toolkit.local.stripe.refusal import Refusal

SMALLEST = {
    30: "gbp",
    50: "ars aud brl cad chf cop eur idr ils inr jpy krw nzd php rub sgd usd zar",
    200: "aed myr pln ron",
    250: "dkk",
    300: "nok sek",
    400: "hkd",
    1_000: "mxn thb",
    1_500: "czk",
    17_500: "huf",
}
# Without a documented minimum.
OTHERS = (
    "afn all amd ang aoa awg azn bam bbd bdt bgn bhd bif bmd bnd bob bsd bwp byn bzd cdf clp cny crc cve djf dop dzd "
    "egp etb fjd fkp gel gip gmd gnf gtq gyd hnl htg isk jmd jod kes kgs khr kmf kwd kyd kzt lak lbp lkr lrd lsl mad "
    "mdl mga mkd mmk mnt mop mur mvr mwk mzn nad ngn nio npr omr pab pen pgk pkr pyg qar rsd rwf sar sbd scr shp sle "
    "sos srd std szl tjs tnd top try ttd twd tzs uah ugx uyu uzs vnd vuv wst xaf xcd xof xpf yer zmw"
)
_SMALLEST = {currency: amount for amount, currencies in SMALLEST.items() for currency in currencies.split()}
_KNOWN = _SMALLEST.keys() | set(OTHERS.split())
_DIGITS = {"cop": 10, "idr": 12, "inr": 9}
# Three decimals of which the last must be 0, and currencies without decimals that are sent with two.
_STEPS = {"bhd": 10, "jod": 10, "kwd": 10, "omr": 10, "tnd": 10, "isk": 100, "ugx": 100}


def check_currency(currency: str) -> None:
    """Raises Refusal for a currency that Stripe does not know. `currency` is in lower case."""
    if currency not in _KNOWN:
        raise Refusal(
            f"Invalid currency: {currency}. Stripe currently supports these currencies: {', '.join(sorted(_KNOWN))}",
            param="currency",
            executed=False,
        )


def check_charge(amount: int, currency: str) -> None:
    """Raises Refusal for an amount that cannot be charged."""
    smallest = _SMALLEST.get(currency, 1)
    if amount < smallest:
        raise Refusal(
            f"Amount must be no less than {smallest} of the smallest unit of {currency}",
            code="amount_too_small",
            param="amount",
            executed=False,
        )
    if amount >= 10 ** _DIGITS.get(currency, 8):
        raise Refusal(
            "Amount must be no more than $999,999.99", code="amount_too_large", param="amount", executed=False
        )
    check_step(amount, currency)


def check_step(amount: int, currency: str, param: str = "amount") -> None:
    """Raises Refusal for an amount, of a charge or of a part of it, that must end in zeros and does not."""
    step = _STEPS.get(currency, 1)
    if amount % step:
        raise Refusal(
            f"Invalid {param}: amounts in {currency} must be divisible by {step}.",
            code="parameter_invalid_integer",
            param=param,
            executed=False,
        )
