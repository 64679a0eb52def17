"""The figures that tell how business goes, and what each event adds to them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from commerce.events import DomainEvent, EventType


class Measure(StrEnum):
    """What is measured. Amounts are in minor units of the currency that the stack sells in.

    An event that is delivered twice counts twice, which is rare: these figures are for watching. The books are the
    ledger's.
    """

    ORDERS_ACCEPTED = "OrdersAccepted"
    ORDERS_PAID = "OrdersPaid"
    SALES = "Sales"
    """What buyers paid: the gross merchandise value."""
    ORDERS_FAILED = "OrdersFailed"
    """Refused, sold out or broken off; the events and the logs say why."""
    REFUNDS = "Refunds"
    PAYOUTS = "Payouts"
    CASES_OPENED = "CasesOpened"
    HELD_FUNDS = "HeldFunds"
    """The sellers' shares whose return window is open, without the refunds of them."""
    FRAUD_BY_MODEL = "FraudByModel"
    """Orders that the model assessed."""
    FRAUD_BY_RULES = "FraudByRules"
    """Orders that the rules assessed, because the model did not answer."""


_COUNTED: Mapping[EventType, Measure] = {
    EventType.ORDER_ACCEPTED: Measure.ORDERS_ACCEPTED,
    EventType.ORDER_CAPTURED: Measure.ORDERS_PAID,
    EventType.ORDER_FAILED: Measure.ORDERS_FAILED,
    EventType.CASE_OPENED: Measure.CASES_OPENED,
}
_SUMMED: Mapping[EventType, tuple[Measure, str]] = {
    EventType.ORDER_CAPTURED: (Measure.SALES, "total"),
    EventType.REFUND_MADE: (Measure.REFUNDS, "amount"),
    EventType.PAYOUT_SENT: (Measure.PAYOUTS, "amount"),
}


def measured(event: DomainEvent) -> dict[Measure, int]:
    """What an event adds to the figures; nothing for most."""
    added = {_COUNTED[event.type]: 1} if event.type in _COUNTED else {}
    if event.type in _SUMMED:
        measure, name = _SUMMED[event.type]
        amount = event.data.get(name)
        if isinstance(amount, int):
            added[measure] = amount
    return added
