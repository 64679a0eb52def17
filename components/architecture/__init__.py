"""The architecture as data: 25 functions, their lanes, and the engines that can play them on each cloud.

`FUNCTIONS` holds them by id, in the order of the mapping table; `choose` picks an engine and refuses one
that is closed or retired. Nothing here imports a cloud SDK.
"""

from __future__ import annotations

from components.architecture.choice import (
    ClosedEngine,
    EngineError,
    RetiredEngine,
    UnknownCloud,
    UnknownEngine,
    UnknownFunction,
    choose,
    engines,
    function,
)
from components.architecture.functions import FUNCTIONS
from components.architecture.model import Cell, Engine, Function, Lane

__all__ = [
    "FUNCTIONS",
    "Cell",
    "ClosedEngine",
    "Engine",
    "EngineError",
    "Function",
    "Lane",
    "RetiredEngine",
    "UnknownCloud",
    "UnknownEngine",
    "UnknownFunction",
    "choose",
    "engines",
    "function",
]
