"""An endpoint of the API: a method and a path, the parameters it takes, and what it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from toolkit.local.stripe.call import Call
from toolkit.local.stripe.parameters import Parameters
from toolkit.local.stripe.storage import Json


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """`handle(call, parameters)` answers `method path`; it runs inside one transaction."""

    method: str
    path: str
    parameters: type[Parameters]
    handle: Callable[[Call, Any], Json]
