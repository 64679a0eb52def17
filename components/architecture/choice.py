"""Choosing the engine that plays a function on a cloud, or a refusal that says what to choose instead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime

from components.architecture.functions import FUNCTIONS
from components.architecture.lifecycle import Status
from components.architecture.model import Engine, Function
from components.clouds import CLOUDS


class EngineError(ValueError):
    """A choice that cannot be deployed: `message` says what is wrong, `next_step` what to do."""

    def __init__(self, message: str, *, next_step: str) -> None:
        super().__init__(f"{message} {next_step}")
        self.message = message
        self.next_step = next_step


class UnknownFunction(EngineError):
    """No function of the architecture has this id."""

    def __init__(self, function_id: str) -> None:
        super().__init__(f"There is no function {function_id!r}.", next_step=f"Choose one of: {_listed(FUNCTIONS)}.")
        self.function_id = function_id


class UnknownCloud(EngineError):
    """The architecture is not mapped to this cloud."""

    def __init__(self, cloud: str) -> None:
        super().__init__(f"There is no cloud {cloud!r}.", next_step=f"Choose one of: {_listed(CLOUDS)}.")
        self.cloud = cloud


class UnknownEngine(EngineError):
    """No engine of this id can play the function on this cloud."""

    def __init__(self, function: Function, cloud: str, engine_id: str) -> None:
        super().__init__(
            f"No engine {engine_id!r} plays {function.title} ({function.id}) on {CLOUDS[cloud].label}.",
            next_step=f"Choose one of: {_listed(function.cells[cloud].engines)}.",
        )
        self.engine_id = engine_id


class ClosedEngine(EngineError):
    """The engine is closed to new customers and nobody said that this account is an old one."""

    def __init__(self, function: Function, cloud: str, engine: Engine) -> None:
        life = engine.lifecycle
        ends = f" It retires on {life.retires_on}." if life.retires_on else ""
        super().__init__(
            f"{engine.title} ({engine.id}) for {function.title} on {CLOUDS[cloud].label} is closed to new customers "
            f"since {life.closed_on}, as of {life.as_of} ({life.source}).{ends}",
            next_step=f"Choose its successor {life.successor!r}, or set allow_closed if this account already has it.",
        )
        self.engine = engine


class RetiredEngine(EngineError):
    """The engine no longer exists, for anybody."""

    def __init__(self, function: Function, cloud: str, engine: Engine) -> None:
        life = engine.lifecycle
        super().__init__(
            f"{engine.title} ({engine.id}) for {function.title} on {CLOUDS[cloud].label} is retired since "
            f"{life.retires_on}, as of {life.as_of} ({life.source}).",
            next_step=f"Choose its successor {life.successor!r}.",
        )
        self.engine = engine


def function(function_id: str) -> Function:
    """The function with this id; raises `UnknownFunction`."""
    try:
        return FUNCTIONS[function_id]
    except KeyError:
        raise UnknownFunction(function_id) from None


def engines(cloud: str) -> Mapping[str, Engine]:
    """Every engine of a cloud by id, open or not, whatever it plays; raises `UnknownCloud`."""
    where = _known(cloud)
    return {id: engine for row in FUNCTIONS.values() for id, engine in row.cells[where].engines.items()}


def choose(
    function_id: str,
    cloud: str,
    engine: str | None = None,
    *,
    allow_closed: bool = False,
    today: date | None = None,
) -> Engine:
    """The engine that plays a function on a cloud: the one asked for, else the cell's default.

    `allow_closed` lets an existing customer keep a service that is closed to new ones; a retired one is
    always refused: its API no longer exists. `today` (default: the current day, UTC) decides which dates
    have passed, for the default as well: a default that has closed since it was recorded is refused, not
    quietly replaced.

    Raises `UnknownFunction`, `UnknownCloud`, `UnknownEngine`, `ClosedEngine` or `RetiredEngine`.
    """
    played = function(function_id)
    where = _known(cloud)
    cell = played.cells[where]
    if engine is not None and engine not in cell.engines:
        raise UnknownEngine(played, where, engine)
    chosen = cell.default if engine is None else cell.engines[engine]
    status = chosen.lifecycle.on(today or datetime.now(UTC).date())
    if status is Status.RETIRED:
        raise RetiredEngine(played, where, chosen)
    if status is Status.CLOSED and not allow_closed:
        raise ClosedEngine(played, where, chosen)
    return chosen


def _known(cloud: str) -> str:
    if cloud not in CLOUDS:
        raise UnknownCloud(cloud)
    return cloud


def _listed(ids: Iterable[str]) -> str:
    return ", ".join(ids)
