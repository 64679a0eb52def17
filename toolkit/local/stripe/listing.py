"""Lists with Stripe's cursors."""

from __future__ import annotations

from collections.abc import Mapping

from toolkit.local.stripe.call import Call
from toolkit.local.stripe.parameters import Listing
from toolkit.local.stripe.refusal import Refusal, missing
from toolkit.local.stripe.storage import Json

_BOUNDS = frozenset({"gt", "gte", "lt", "lte"})


def page(call: Call, kind: str, parameters: Listing, *, url: str, equals: Mapping[str, str | None]) -> Json:
    """One page of the caller's objects of that kind, newest first; `equals` filters by fields that were given."""
    if parameters.starting_after and parameters.ending_before:
        raise Refusal("You cannot use both starting_after and ending_before.", executed=False)
    below = _cursor(call, kind, parameters.starting_after, "starting_after")
    above = _cursor(call, kind, parameters.ending_before, "ending_before")
    found = call.store.page(
        account=call.account,
        kind=kind,
        equals={field: value for field, value in equals.items() if value is not None},
        created=_created(parameters.created),
        below=below,
        above=above,
        limit=parameters.limit + 1,
    )
    data = found[: parameters.limit]
    if above is not None:
        data.reverse()
    return {"object": "list", "data": data, "has_more": len(found) > parameters.limit, "url": url}


def _cursor(call: Call, kind: str, identifier: str | None, param: str) -> int | None:
    if identifier is None:
        return None
    position = call.store.position(identifier, account=call.account, kind=kind)
    if position is None:
        raise missing(kind, identifier, param=param, status=400)
    return position


def _created(created: int | Mapping[str, int] | None) -> Mapping[str, int]:
    if created is None:
        return {}
    if isinstance(created, int):
        return {"eq": created}
    unknown = set(created) - _BOUNDS
    if unknown:
        name = f"created[{min(unknown)}]"
        raise Refusal(f"Received unknown parameter: {name}", code="parameter_unknown", param=name, executed=False)
    return created
