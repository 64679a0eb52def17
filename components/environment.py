"""Environment variables that a link gives to a workload: the same names on every cloud, because the code reads them."""

from __future__ import annotations

from dataclasses import dataclass, fields

import pulumi


@dataclass(frozen=True, kw_only=True)
class Environment:
    """Base of a contract's variables. Each field of a subclass is one; `None` leaves it out.

    A variable's name is the target's and the field's: `host` of the target `orders` is `ORDERS_HOST`.
    """

    def variables(self, target: str) -> dict[str, pulumi.Input[str]]:
        """The variables of a link to the component of this name."""
        prefix = target.replace("-", "_").upper()
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {f"{prefix}_{name.upper()}": _text(value) for name, value in values.items() if value is not None}


def _text(value: pulumi.Input[object]) -> pulumi.Input[str]:
    return value if isinstance(value, str) else pulumi.Output.format("{0}", value)
