"""A seller's balance, and the statement of a period: what the ledger says, in the seller's terms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from commerce.errors import InvalidRequest, MarketplaceError
from commerce.ledger import held, payable
from commerce.money import Money

MAXIMUM_ENTRIES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What the platform keeps for a seller in one currency, in minor units.

    `held` until return windows close, of it `releasable` where they have; `payable` may be transferred, of it
    `on_the_way` is being; `owed` is what the seller owes instead. `stopped` is the part of held and payable that a
    hold keeps back.
    """

    currency: str
    held: int = 0
    releasable: int = 0
    payable: int = 0
    on_the_way: int = 0
    owed: int = 0
    stopped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementEntry:
    """One entry of the ledger on an account of the seller. `amount` is in the seller's favor when positive."""

    transaction_id: str
    order_id: str
    posted_at: datetime
    account: str
    amount: Money
    transfer_id: str | None = None

    @property
    def kind(self) -> str:
        """`capture`, `release`, `transfer`, `refund`, `reversal`, ...: the ledger's own word."""
        return self.transaction_id.partition("/")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencyStatement:
    """Amounts in minor units. `opening` plus `totals` (by kind) is `closing`, to the cent."""

    currency: str
    opening: int
    totals: Mapping[str, int]
    closing: int
    held: int
    """What of the closing balance is still held."""
    transferred: int
    """What the processor moved to the seller in the period: minus the transfers, less what was reversed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    seller_id: str
    start: datetime
    end: datetime
    currencies: tuple[CurrencyStatement, ...]
    entries: tuple[StatementEntry, ...]


class TooManyEntries(MarketplaceError):
    status = 422
    code = "too-many-entries"
    title = "The period has too many entries"

    def __init__(self) -> None:
        super().__init__(f"A statement has at most {MAXIMUM_ENTRIES} entries. Ask for a shorter period.")


def check_period(start: datetime, end: datetime) -> None:
    """Raises InvalidRequest."""
    if start.tzinfo is None or end.tzinfo is None or start >= end:
        raise InvalidRequest("A period begins before it ends, and both times have a time zone.")


def draw_up(
    seller_id: str,
    start: datetime,
    end: datetime,
    opening: Mapping[tuple[str, str], int],
    entries: Iterable[StatementEntry],
) -> Statement:
    """The statement of the entries from `start` until before `end`. `opening` are the balances at `start` by account
    and currency, in the seller's favor when positive. Raises TooManyEntries."""
    listed = tuple(entries)
    if len(listed) > MAXIMUM_ENTRIES:
        raise TooManyEntries
    currencies = sorted({currency for _, currency in opening} | {one.amount.currency for one in listed})
    return Statement(
        seller_id=seller_id,
        start=start,
        end=end,
        entries=listed,
        currencies=tuple(_of_currency(seller_id, currency, opening, listed) for currency in currencies),
    )


def _of_currency(
    seller_id: str, currency: str, opening: Mapping[tuple[str, str], int], entries: tuple[StatementEntry, ...]
) -> CurrencyStatement:
    own = [one for one in entries if one.amount.currency == currency]
    totals: Counter[str] = Counter()
    for one in own:
        totals[one.kind] += one.amount.amount
    begun = {account: opening.get((account, currency), 0) for account in (held(seller_id), payable(seller_id))}
    kept = begun[held(seller_id)] + sum(one.amount.amount for one in own if one.account == held(seller_id))
    return CurrencyStatement(
        currency=currency,
        opening=sum(begun.values()),
        totals={kind: amount for kind, amount in sorted(totals.items()) if amount},
        closing=sum(begun.values()) + totals.total(),
        held=kept,
        transferred=-totals["transfer"] - totals["reversal"],
    )
