"""The double-entry ledger: append-only transactions whose entries sum to zero in every currency.

An entry is positive when the account's debit grows, negative when its credit grows. So `stripe` (what the processor
holds for the platform) is positive, and what is owed out of it (to sellers) or earned (commission) is negative.
Transaction ids are business ids: posting the same fact twice is the same transaction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from commerce.errors import InvalidRequest, InvariantBroken, MarketplaceError
from commerce.money import Money
from commerce.orders import Order, SellerOrder

PROCESSOR = "stripe"
COMMISSION = "platform:commission"
FEES = "platform:fees"
"""What the processor takes for itself."""
LOSSES = "platform:losses"
"""What the platform itself gave away."""
DISPUTED = "platform:disputed"
"""What the processor keeps while buyers' banks decide on chargebacks."""


def held(seller_id: str) -> str:
    """The account of a seller's share that is kept back until the return window closes."""
    return f"seller:{seller_id}:held"


def payable(seller_id: str) -> str:
    """The account of a seller's share that may be transferred, or (when positive) that the seller owes."""
    return f"seller:{seller_id}:payable"


class Unbalanced(InvariantBroken):
    """A transaction whose entries do not sum to zero. `sums` are minor units per currency."""

    code = "unbalanced"
    title = "The ledger would not balance"

    def __init__(self, transaction_id: str, sums: dict[str, int]) -> None:
        super().__init__(
            f"Ledger transaction {transaction_id} sums to {sums}, not to zero.",
            transaction_id=transaction_id,
            sums=sums,
        )
        self.transaction_id = transaction_id
        self.sums = sums


class LedgerConflict(MarketplaceError):
    """A transaction id that is already in the ledger with other entries. Nothing was written."""

    status = 409
    code = "ledger-conflict"
    title = "The ledger already says something else"

    def __init__(self, transaction_id: str) -> None:
        super().__init__(
            f"Ledger transaction {transaction_id} exists with other entries.", transaction_id=transaction_id
        )
        self.transaction_id = transaction_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    account: str
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerTransaction:
    """Entries that move together. Each account has at most one entry per currency, none is zero, the order is that
    of the accounts: equal facts are equal values. Raises Unbalanced; use `transaction` to build one."""

    transaction_id: str
    order_id: str
    entries: tuple[Entry, ...]

    def __post_init__(self) -> None:
        sums: dict[str, int] = defaultdict(int)
        for entry in self.entries:
            sums[entry.amount.currency] += entry.amount.amount
        if unbalanced := {currency: amount for currency, amount in sums.items() if amount}:
            raise Unbalanced(self.transaction_id, unbalanced)


def transaction(transaction_id: str, order_id: str, movements: Iterable[tuple[str, Money]]) -> LedgerTransaction:
    """Build a transaction: movements of the same account and currency are added up, zeros are left out."""
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for account, amount in movements:
        sums[account, amount.currency] += amount.amount
    return LedgerTransaction(
        transaction_id=transaction_id,
        order_id=order_id,
        entries=tuple(
            Entry(account=account, amount=Money(amount, currency))
            for (account, currency), amount in sorted(sums.items())
            if amount
        ),
    )


def reversed_transaction(posted: LedgerTransaction) -> LedgerTransaction:
    """Takes a transaction back."""
    return transaction(
        f"reversed/{posted.transaction_id}", posted.order_id, [(one.account, -one.amount) for one in posted.entries]
    )


def capture_transaction(order: Order) -> LedgerTransaction:
    """The buyer's money arrived: each seller's net is held, the commission is earned."""
    movements = [(PROCESSOR, order.total)]
    for share in order.sellers:
        movements += [(held(share.seller_id), -share.net), (COMMISSION, -share.commission)]
    return transaction(f"capture/{order.order_id}", order.order_id, movements)


def fee_transaction(order_id: str, charge_id: str, fee: Money) -> LedgerTransaction:
    """What the processor kept of a charge for itself."""
    return transaction(f"fee/{charge_id}", order_id, [(PROCESSOR, -fee), (FEES, fee)])


def release_transaction(order_id: str, seller_id: str, amount: Money) -> LedgerTransaction:
    """The return window closed: what is still held of the share may be transferred."""
    return transaction(
        f"release/{order_id}/{seller_id}", order_id, [(held(seller_id), amount), (payable(seller_id), -amount)]
    )


def transfer_id_in_ledger(order_id: str, seller_id: str, number: int) -> str:
    """The ledger's transaction of the `number`-th transfer of a share."""
    first = f"transfer/{order_id}/{seller_id}"
    return first if number == 1 else f"{first}/{number}"


def transfer_transaction(order_id: str, seller_id: str, amount: Money, number: int = 1) -> LedgerTransaction:
    """The processor moved the share, less what the seller owed, to the seller's own account; or, by a further
    transfer, what it is owed anew."""
    return transaction(
        transfer_id_in_ledger(order_id, seller_id, number),
        order_id,
        [(payable(seller_id), amount), (PROCESSOR, -amount)],
    )


def reversal_transaction(order_id: str, seller_id: str, refund_id: str, amount: Money) -> LedgerTransaction:
    """The processor took `amount` of an earlier transfer back from the seller's account."""
    return transaction(
        f"reversal/{order_id}/{seller_id}/{refund_id}",
        order_id,
        [(PROCESSOR, amount), (payable(seller_id), -amount)],
    )


def refund_transaction(
    order_id: str, share: SellerOrder, refund_id: str, amount: Money, *, released: bool, commission_returned: bool
) -> LedgerTransaction:
    """The buyer got `amount` of this seller's gross back.

    Before release it comes out of the held share; after, out of what the seller is owed (which goes into debt unless
    a reversal brings the money back). `commission_returned` is the platform's policy: with it the platform gives its
    commission back in proportion, without it the seller bears the whole refund. Raises InvalidRequest when more is
    asked than the seller's gross.
    """
    if not 0 < amount.amount <= share.gross.amount:
        raise InvalidRequest(f"A refund is between 1 and the gross of {share.gross}, not {amount}.", order_id=order_id)
    fee, own = amount.split([share.commission.amount, share.net.amount])
    if not commission_returned:
        fee, own = amount - amount, amount
    source = payable(share.seller_id) if released else held(share.seller_id)
    return transaction(
        f"refund/{order_id}/{share.seller_id}/{refund_id}",
        order_id,
        [(PROCESSOR, -amount), (COMMISSION, fee), (source, own)],
    )
