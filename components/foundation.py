"""What every component of a stack stands on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import pulumi

from components.architecture import EngineError, choose
from components.architecture import function as row
from components.errors import ComponentError, EngineNotAvailable
from components.profile import Profile


@dataclass(frozen=True, kw_only=True)
class Engines:
    """Which engines the stack asked for, and whether closed ones are allowed."""

    chosen: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Engine by function id, where the stack names one: it must be the one that the component deploys."""
    allow_closed: bool = False
    """The account already uses services that are closed to new customers."""

    def require(self, cloud: str, deployed: Mapping[str, str]) -> None:
        """Checks every choice against what the stack deploys (engine by function), before anything is declared.

        Raises `ComponentError` for an engine that cannot be deployed or a function that the stack does not have.
        """
        if idle := sorted(self.chosen.keys() - deployed.keys()):
            raise ComponentError(
                f"marketplace:engines names {', '.join(idle)}; this release has no component there.",
                next_step="Leave it out.",
            )
        for function, engine in deployed.items():
            self.of(function, cloud, engine)

    def of(self, function: str, cloud: str, deployed: str) -> str | None:
        """The id of the engine that plays `function`, which must be the one that the component deploys.

        `None` for a component that supports a function which another plays: a database's migrations run in a
        function, and are not a database.

        Raises `ComponentError` for one that is closed, retired or unknown, `EngineNotAvailable` for one that exists
        but has no component.
        """
        asked = self.chosen.get(function) or deployed
        try:
            if deployed not in row(function).cells[cloud].engines:
                return None
            engine = choose(function, cloud, asked, allow_closed=self.allow_closed)
        except EngineError as refused:
            # What else could play the function is of no use to a stack that has a component for one engine only.
            next_step = refused.next_step if asked == deployed else f"Choose {deployed!r}, or leave it out."
            raise ComponentError(refused.message, next_step=next_step) from None
        if engine.id != deployed:
            raise EngineNotAvailable(function, engine.id, deployed)
        return engine.id


@dataclass(frozen=True, kw_only=True)
class Foundation:
    """The stack's provider, levers and name. Each cloud extends it with what it must know of the account."""

    cloud: str
    prefix: str
    """Project and stack (`marketplace-prod`): the start of names that must be unique in an account."""
    profile: Profile
    provider: pulumi.ProviderResource
    engines: Engines
