"""`expand`: an id in an answer replaced by the object itself."""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.local.stripe.call import Call
from toolkit.local.stripe.refusal import Refusal
from toolkit.local.stripe.storage import Json

MAXIMUM_DEPTH = 4
EXPANDABLE = frozenset(
    {
        "balance_transaction",
        "charge",
        "customer",
        "destination",
        "destination_payment",
        "destination_payment_refund",
        "latest_charge",
        "on_behalf_of",
        "payment_intent",
        "payment_method",
        "review",
        "source",
        "source_transaction",
        "source_transfer",
        "transfer",
        "transfer_reversal",
    }
)


def expand(call: Call, answer: Json, paths: Sequence[str]) -> Json:
    """`answer` with every path expanded. Raises `Refusal` for a field that holds no object."""
    for path in paths:
        steps = path.split(".")
        if len(steps) > MAXIMUM_DEPTH:
            raise Refusal("You cannot expand more than 4 levels of a property", param="expand", executed=False)
        _expand(call, answer, steps, path)
    return answer


def _expand(call: Call, here: Json, steps: Sequence[str], path: str) -> None:
    step, rest = steps[0], steps[1:]
    if step not in here and not (step == "data" and here.get("object") == "list"):
        raise _refused(path)
    value = here[step]
    if isinstance(value, str) and step in EXPANDABLE:
        found = _find(call, value)
        if found is None:
            raise _refused(path)
        here[step] = value = found
    if isinstance(value, list) and rest:
        for item in value:
            _expand(call, item, rest, path)
    elif isinstance(value, dict):
        if rest:
            _expand(call, value, rest, path)
    elif value is not None or step not in EXPANDABLE:
        raise _refused(path)


def _find(call: Call, identifier: str) -> Json | None:
    found = call.store.find(identifier, account=call.account)
    if found is not None:
        return found
    # A transfer's destination and its payment belong to the connected account; the platform may look at both.
    row = call.store.connection.execute("SELECT account FROM objects WHERE id = ?", (identifier,)).fetchone()
    return None if row is None else call.store.find(identifier, account=row[0])


def _refused(path: str) -> Refusal:
    return Refusal(f"This property cannot be expanded ({path}).", param="expand", executed=False)
