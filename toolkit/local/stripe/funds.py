"""Money of the platform and of each connected account: pending, then available."""

from __future__ import annotations

from toolkit.local.stripe.call import Call
from toolkit.local.stripe.identifiers import fresh
from toolkit.local.stripe.storage import Json


def post(
    call: Call,
    *,
    account: str,
    kind: str,
    amount: int,
    currency: str,
    source: str,
    fee: int = 0,
    available_on: int | None = None,
    description: str | None = None,
    reporting: str | None = None,
    fee_description: str = "Stripe processing fees",
) -> Json:
    """Add `amount` (minor units; negative to subtract), less `fee`, to a balance. Returns the balance transaction.

    The money counts as available from `available_on`; without one, at once.
    """
    now = call.now()
    due = now if available_on is None else available_on
    net = amount - fee
    if due <= now:
        call.store.connection.execute(
            "INSERT INTO available (account, currency, amount) VALUES (?, ?, ?) "
            "ON CONFLICT (account, currency) DO UPDATE SET amount = amount + excluded.amount",
            (account, currency, net),
        )
    else:
        call.store.connection.execute(
            "INSERT INTO pending (account, currency, amount, available_on) VALUES (?, ?, ?, ?)",
            (account, currency, net, due),
        )
    transaction: Json = {
        "id": fresh("balance_transaction"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": due,
        "balance_type": "payments",
        "created": now,
        "currency": currency,
        "description": description,
        "exchange_rate": None,
        "fee": fee,
        "fee_details": [
            {
                "amount": fee,
                "application": None,
                "currency": currency,
                "description": fee_description,
                "type": "stripe_fee",
            }
        ]
        if fee
        else [],
        "net": net,
        "reporting_category": reporting or _REPORTING.get(kind, kind),
        "source": source,
        "status": "available" if due <= now else "pending",
        "type": kind,
    }
    return call.add("balance_transaction", transaction, account=account)


_REPORTING = {"payment": "charge", "payment_refund": "refund", "transfer_refund": "transfer_reversal"}


def settle(call: Call, account: str, *, until: int | None = None) -> None:
    """Move pending money that is due now (or by `until`) to the available balance."""
    moment = call.now() if until is None else until
    due = call.store.connection.execute(
        "DELETE FROM pending WHERE account = ? AND available_on <= ? RETURNING currency, amount", (account, moment)
    ).fetchall()
    call.store.connection.executemany(
        "INSERT INTO available (account, currency, amount) VALUES (?, ?, ?) "
        "ON CONFLICT (account, currency) DO UPDATE SET amount = amount + excluded.amount",
        [(account, currency, amount) for currency, amount in due],
    )


def balances(call: Call, account: str) -> dict[str, tuple[int, int]]:
    """Available and pending minor units of `account`, by currency."""
    settle(call, account)
    available = call.store.connection.execute(
        "SELECT currency, amount FROM available WHERE account = ?", (account,)
    ).fetchall()
    pending = call.store.connection.execute(
        "SELECT currency, SUM(amount) FROM pending WHERE account = ? GROUP BY currency", (account,)
    ).fetchall()
    totals = {currency: (amount, 0) for currency, amount in available}
    for currency, amount in pending:
        totals[currency] = (totals.get(currency, (0, 0))[0], amount)
    return totals


def fee_of(call: Call, amount: int) -> int:
    """Stripe's fee on a captured payment of `amount` minor units, by the double's settings."""
    return (amount * call.settings.fee_basis_points + 5_000) // 10_000 + call.settings.fee_fixed
