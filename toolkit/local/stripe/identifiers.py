"""Object ids in Stripe's form: a prefix that names the kind, and 24 letters and digits."""

from __future__ import annotations

import secrets
import string

_ALPHABET = string.ascii_letters + string.digits

PREFIXES = {
    "account": "acct",
    "payment_method": "pm",
    "payment_intent": "pi",
    "charge": "ch",
    "payment": "py",
    "transfer": "tr",
    "transfer_reversal": "trr",
    "refund": "re",
    "dispute": "du",
    "payout": "po",
    "balance_transaction": "txn",
    "event": "evt",
    "webhook_endpoint": "we",
    "account_link": "link",
}


def fresh(kind: str) -> str:
    """A new id of that kind."""
    return f"{PREFIXES[kind]}_{random_text(24)}"


def random_text(length: int) -> str:
    """Letters and digits from the system's random source."""
    return "".join(_ALPHABET[byte % 62] for byte in secrets.token_bytes(length))
